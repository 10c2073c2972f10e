"""Values of PyTorch for scripts/library_values.py, and what tells whether two are equal."""
import ctypes

import numpy as np

import python_values

DTYPES = '''float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128 complex32 uint16 uint32 uint64
float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 bits8 bits16 bits1x8 bits2x4 bits4x2 int4 uint4 uint1 uint7'''.split()


def of_dtype(name):
    import torch
    dtype = getattr(torch, name)
    if name == 'bool':
        return torch.tensor([[True, False, True], [False, False, True]])
    raw = torch.arange(96, dtype=torch.uint8)
    try:
        return torch.arange(6).to(dtype).reshape(2, 3) if not name.startswith(('bits', 'float4')) else raw.view(dtype).reshape(2, -1)
    except (RuntimeError, NotImplementedError):
        return raw.view(dtype).reshape(2, -1)


def tensors():
    import torch
    for name in DTYPES:
        if not hasattr(torch, name):
            continue
        try:
            t = of_dtype(name)
        except (RuntimeError, NotImplementedError):
            continue
        yield name, t
        for kind, make in {'scalar': lambda: t[0, 0], 'empty': lambda: t[:0], 'empty_inner': lambda: t[:, :0], 'turned': lambda: t.t(), 'column': lambda: t[:, 1], 'step': lambda: t[:, ::2],
                           'expanded': lambda: t[:1].expand(4, t.shape[1]), 'parameter': lambda: torch.nn.Parameter(t, requires_grad=False), 'diagonal': lambda: torch.as_strided(t, (2,), (4,)),
                           'deep': lambda: t.reshape(2, 1, -1, 1), 'none': lambda: t.new_empty(0), 'dict': lambda: {'a': t, 'b': t[1], 'c': [t, t.t()]}, 'meta': lambda: t.to('meta')}.items():
            try:
                yield name + '_' + kind, make()
            except (RuntimeError, NotImplementedError):
                continue
    x = torch.arange(24, dtype=torch.float32)
    yield 'overlapping', torch.as_strided(x, (5, 4), (2, 1), 3)
    yield 'channels_last', torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)
    yield 'flipped', x.flip(0)
    yield 'requires_grad', torch.ones(2, requires_grad=True)
    leaf = torch.ones(2, requires_grad=True)
    (leaf * 3).sum().backward()
    yield 'with_grad', leaf
    yield 'parameter', torch.nn.Parameter(torch.ones(2, 2))
    tied = torch.nn.Parameter(torch.ones(2))
    yield 'tied', [tied, tied, {'k': tied}]
    yield 'parameter_attribute', (lambda p: (setattr(p, 'note', [1, x]), p)[1])(torch.nn.Parameter(torch.ones(2)))
    yield 'tensor_attribute', (lambda p: (setattr(p, 'note', {'a': 1}), p)[1])(torch.ones(2))
    yield 'sub', torch.ones(2).as_subclass(Sub)
    yield 'sub_parameter', torch.nn.Parameter(torch.ones(2).as_subclass(Sub))
    if hasattr(torch.nn, 'Buffer'):
        yield 'buffer', torch.nn.Buffer(torch.ones(2))
    yield 'uninitialized', torch.nn.parameter.UninitializedParameter()
    c = torch.tensor([[1 + 2j, 3 - 4j], [5j, 6]])
    for name, v in {'conj': c.conj(), 'conj_view': c.conj()[0], 'conj_turned': c.mH, 'neg': c.clone().conj().imag, 'neg_conj': torch._neg_view(c).conj(), 'real_view': c.real, 'imag_view': c.imag, 'neg_float': torch._neg_view(x),
                    'conj_shared': [c, c.real, c[0]], 'conj_parameter': torch.nn.Parameter(c.conj(), requires_grad=False), 'conj_scalar': c.conj()[0, 0], 'conj_empty': c.conj()[:0]}.items():
        yield name, v
    yield 'nan', torch.tensor([float('nan'), float('inf'), -0.0])
    yield 'large', torch.arange(200000)
    yield 'view_of_large', torch.arange(200000)[10:12]
    yield 'shared', {'a': x, 'b': x[3:9], 'c': x.reshape(4, 6), 'd': x.reshape(4, 6)[:, 2], 'e': x.view(torch.int32), 'f': x.view(torch.uint8)}
    yield 'meta', torch.empty(2, 3, device='meta')
    yield 'meta_strides', torch.empty_strided((2, 3), (1, 2), device='meta')
    yield 'names', [torch.float16, torch.strided, torch.sparse_coo, torch.contiguous_format, torch.per_tensor_affine, torch.float8_e5m2]
    yield 'devices', [torch.device('cpu'), torch.device('cuda', 1), torch.device('meta'), torch.device('mps')]
    yield 'sizes', [torch.Size([2, 3]), torch.Size([]), x.shape, {torch.Size([1]): 2}]
    yield 'finfo', [torch.get_rng_state(), 3.5, None]
    yield 'numpy', {'a': np.arange(3), 't': x, 's': 2.5}
    yield 'generator', torch.Generator().manual_seed(5)
    yield 'unusual_keys', {x[0].item(): x, 3: x[1:], ('a', 1): None}


def sparse():
    import torch
    i = torch.tensor([[0, 1, 1], [2, 0, 2]])
    for name in ['float32', 'float64', 'int64', 'bool', 'complex64', 'bfloat16', 'float16', 'uint8']:
        v = torch.tensor([1, 0, 1]).to(getattr(torch, name))
        coo = torch.sparse_coo_tensor(i, v, (2, 3))
        yield name + '_coo', coo
        yield name + '_coalesced', coo.coalesce()
        dense = torch.zeros(4, 6).to(v.dtype)
        dense[1, 2] = dense[3, 5] = 1
        for layout, more in {'csr': (), 'csc': (), 'bsr': ((2, 3),), 'bsc': ((2, 2),)}.items():
            try:
                yield '%s_%s' % (name, layout), getattr(dense, 'to_sparse_' + layout)(*more)
            except RuntimeError:
                continue
    yield 'uncoalesced', torch.sparse_coo_tensor(torch.tensor([[0, 0], [1, 1]]), torch.tensor([1.0, 2.0]), (2, 2))
    yield 'hybrid', torch.sparse_coo_tensor(i, torch.arange(6.0).reshape(3, 2), (2, 3, 2))
    yield 'empty', torch.sparse_coo_tensor(torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0), (2, 3))
    yield 'zero_size', torch.sparse_coo_tensor(torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0), (0, 3))
    yield 'scalar', torch.sparse_coo_tensor(torch.zeros(0, 1, dtype=torch.int64), torch.tensor([5.0]), ())
    yield 'batched', torch.stack([torch.eye(3), 2 * torch.eye(3)]).to_sparse_csr()
    yield 'int32', torch.sparse_csr_tensor(torch.tensor([0, 1, 2], dtype=torch.int32), torch.tensor([0, 1], dtype=torch.int32), torch.tensor([1.0, 2.0]), (2, 2))
    yield 'dense_dims', torch.sparse_csr_tensor(torch.tensor([0, 1, 2]), torch.tensor([0, 1]), torch.arange(4.0).reshape(2, 2), (2, 2, 2))
    yield 'grad', torch.eye(3).to_sparse().requires_grad_()
    yield 'parameter', torch.nn.Parameter(torch.eye(3).to_sparse())
    yield 'shared_values', (lambda v: [v, torch.sparse_coo_tensor(i, v, (2, 3))])(torch.ones(3))
    yield 'meta', torch.empty(2, 3, layout=torch.sparse_coo, device='meta')


def quantized():
    import torch
    x = torch.arange(12.0).reshape(3, 4) - 4
    for name in ['quint8', 'qint8', 'qint32', 'quint4x2', 'quint2x4']:
        dtype = getattr(torch, name)
        makes = {'tensor': lambda: torch.quantize_per_tensor(x, 0.25, 3, dtype), 'turned': lambda: torch.quantize_per_tensor(x, 0.25, 3, dtype).t(), 'row': lambda: torch.quantize_per_tensor(x, 0.25, 3, dtype)[1:],
                 'scalar': lambda: torch.quantize_per_tensor(x, 0.25, 3, dtype)[0, 0], 'empty': lambda: torch.quantize_per_tensor(x[:0], 0.25, 3, dtype),
                 'channel': lambda: torch.quantize_per_channel(x, torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64), torch.tensor([1, 2, 0]), 0, dtype),
                 'channel1': lambda: torch.quantize_per_channel(x, torch.full((4,), 0.5, dtype=torch.float64), torch.zeros(4, dtype=torch.int64), 1, dtype),
                 'float_channel': lambda: torch.quantize_per_channel(x, torch.full((3,), 0.5), torch.zeros(3), 0, dtype)}
        for kind, make in makes.items():
            if name == 'quint2x4' and kind in ('row', 'scalar'):
                continue  # of which PyTorch reads beyond the storage
            try:
                yield '%s_%s' % (name, kind), make()
            except (RuntimeError, NotImplementedError):
                continue


def modules():
    import torch
    from torch import nn
    torch.manual_seed(0)
    makes = {'linear': lambda: nn.Linear(3, 2), 'no_bias': lambda: nn.Linear(3, 2, bias=False), 'conv': lambda: nn.Conv2d(1, 2, 3), 'norm': lambda: nn.BatchNorm1d(3), 'lstm': lambda: nn.LSTM(2, 3, 2), 'gru': lambda: nn.GRU(2, 3),
             'embedding': lambda: nn.Embedding(4, 2, padding_idx=0), 'attention': lambda: nn.MultiheadAttention(4, 2), 'transformer': lambda: nn.TransformerEncoderLayer(4, 2, 8), 'layer_norm': lambda: nn.LayerNorm(3),
             'sequential': lambda: nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Dropout(0.5), nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())), 'dict': lambda: nn.ModuleDict({'a': nn.Linear(1, 1), 'b': nn.ReLU()}),
             'list': lambda: nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 2)]), 'parameters': lambda: nn.ParameterList([nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(2))]), 'parameter_dict': lambda: nn.ParameterDict({'p': nn.Parameter(torch.ones(1))}),
             'loss': lambda: nn.CrossEntropyLoss(weight=torch.ones(3)), 'weight_norm': lambda: nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)), 'lazy': lambda: nn.LazyLinear(3), 'half': lambda: nn.Linear(2, 2).half(), 'double': lambda: nn.Linear(2, 2).double(),
             'bfloat': lambda: nn.Linear(2, 2).bfloat16(), 'net': Net, 'tied': Tied, 'prelu': lambda: nn.PReLU(), 'identity': lambda: nn.Identity()}
    for name, make in makes.items():
        try:
            m = make()
        except Exception:
            continue
        yield name, m
        try:
            yield name + '_state', m.state_dict()
            yield name + '_plain', dict(m.state_dict())
            yield name + '_parameters', list(m.parameters())
        except Exception:
            continue
    for cls in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adagrad, torch.optim.LBFGS, torch.optim.Adamax, torch.optim.NAdam, torch.optim.Rprop, torch.optim.ASGD, torch.optim.Adadelta):
        m = nn.Linear(2, 2)
        more = {'momentum': 0.9} if cls is torch.optim.SGD else {}
        o = cls([{'params': [m.weight], 'lr': 0.2}, {'params': [m.bias]}] if cls is not torch.optim.LBFGS else m.parameters(), lr=0.1, **more)

        def closure():
            o.zero_grad()
            loss = m(torch.ones(1, 2)).sum() ** 2
            loss.backward()
            return loss
        o.step(closure)
        yield cls.__name__, o.state_dict()
        yield cls.__name__ + '_whole', {'epoch': 1, 'model': m.state_dict(), 'optimizer': o.state_dict(), 'loss': [0.5], 'rng': torch.get_rng_state(), 'args': {'lr': 0.1}}
        yield cls.__name__ + '_scheduler', torch.optim.lr_scheduler.StepLR(o, 2).state_dict() if cls is not torch.optim.LBFGS else 1


def others():
    import torch
    x = torch.arange(6.0)
    for name in ['float32', 'int64', 'uint8', 'bool', 'complex64', 'bfloat16', 'float16', 'int16', 'float64']:
        s = torch.arange(6).to(getattr(torch, name))
        yield 'typed_' + name, s.storage() if hasattr(s, 'storage') else s
        yield 'typed_slice_' + name, s[1:3].storage()
    yield 'untyped', x.untyped_storage()
    yield 'untyped_empty', torch.empty(0).untyped_storage()
    yield 'storage_and_tensor', [x, x.untyped_storage()]
    yield 'storages', {'a': x.storage(), 'b': x.storage(), 't': x}
    yield 'packed', torch.nn.utils.rnn.pack_sequence([torch.arange(3.0), torch.arange(2.0)])
    yield 'dataset', torch.utils.data.TensorDataset(x, x)
    yield 'subset', torch.utils.data.Subset(torch.utils.data.TensorDataset(x), [1, 2])
    yield 'normal', torch.distributions.Normal(torch.zeros(2), torch.ones(2))
    yield 'categorical', torch.distributions.Categorical(torch.ones(3) / 3)
    yield 'nested', torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    yield 'nested_jagged', torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
    yield 'return_type', torch.arange(3.0).max(0)
    yield 'return_types', [torch.tensor([[1.0, 2.0]]).sort(1), torch.linalg.qr(torch.eye(2))]
    yield 'functions', [torch.relu, torch.nn.functional.relu, torch.add, torch.Tensor, torch.nn.Linear, torch.float32]


def torch():
    __import__('torch').set_num_threads(1)
    for make in (tensors, sparse, quantized, modules, others):
        try:
            for name, v in make():
                yield '%s_%s' % (make.__name__, name), v
        except (AttributeError, RuntimeError, TypeError, NotImplementedError) as e:
            print(make.__name__, e)


def Sub(*args):
    pass


class Net(object):
    pass


Tied = Net
try:
    import torch as _torch
except ImportError:
    pass
else:
    class Sub(_torch.Tensor):  # noqa
        pass

    class Net(_torch.nn.Module):  # noqa
        def __init__(self):
            super(Net, self).__init__()
            self.w = _torch.nn.Parameter(_torch.ones(2, 3))
            self.register_buffer('b', _torch.arange(3).float())
            self.register_buffer('hidden', _torch.ones(1), persistent=False)
            self.register_parameter('none', None)
            self.inner = _torch.nn.Sequential(_torch.nn.Linear(3, 2), _torch.nn.Linear(2, 1))
            self.names = ['a', {'b': 1}]

        def get_extra_state(self):
            return {'version': 3}

        def set_extra_state(self, state):
            self.extra = state

    class Tied(_torch.nn.Module):  # noqa
        def __init__(self):
            super(Tied, self).__init__()
            self.a = _torch.nn.Linear(2, 2)
            self.b = _torch.nn.Linear(2, 2)
            self.b.weight = self.a.weight


def equal(a, b, seen=None):
    """Whether two values are equal, with what tensors share."""
    import torch
    seen = {} if seen is None else seen
    if isinstance(a, np.ndarray) and isinstance(b, torch.Tensor):
        b = b.numpy()  # which torch.Save makes of an array
    if type(a) is not type(b):
        return False
    if id(a) in seen:
        return seen[id(a)] is b
    if isinstance(a, torch.Tensor):
        seen[id(a)] = b
        seen.setdefault('kept', []).append((a, b))
        return equal_tensors(a, b, seen)
    if isinstance(a, (torch.UntypedStorage, torch.TypedStorage)):
        return getattr(a, 'dtype', None) == getattr(b, 'dtype', None) and a.nbytes() == b.nbytes() and (not a.nbytes() or equal_bits(a, b))
    if isinstance(a, torch.Generator):
        return torch.equal(a.get_state(), b.get_state()) and a.device == b.device
    if isinstance(a, dict):
        seen[id(a)] = b
        seen.setdefault('kept', []).append((a, b))
        return [repr(k) for k in a] == [repr(k) for k in b] and all(equal(x, y, seen) for x, y in zip(a.values(), b.values())) and equal(vars(a) if hasattr(a, '__dict__') else None, vars(b) if hasattr(b, '__dict__') else None, seen)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(equal(x, y, seen) for x, y in zip(a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if type(a).__module__.startswith(('torch', 'torch_values')) and hasattr(a, '__dict__') and not isinstance(a, (type, torch.device)) and not callable(a) or isinstance(a, torch.nn.Module):
        seen[id(a)] = b
        seen.setdefault('kept', []).append((a, b))
        return equal(vars(a), vars(b), seen)
    return python_values.equal(a, b)


def equal_bits(a, b):
    x, y = (ctypes.string_at(t.data_ptr(), t.nbytes()) for t in (a, b))
    return x == y


def equal_tensors(a, b, seen):
    import torch
    what = ('dtype', 'shape', 'device', 'requires_grad', 'layout')
    if torch.nn.parameter.is_lazy(a):
        return a.dtype == b.dtype and a.requires_grad == b.requires_grad
    if getattr(a, 'is_nested', False):
        return all(torch.equal(x, y) for x, y in zip(a.unbind(), b.unbind()))
    if any(getattr(a, n) != getattr(b, n) for n in what) or not equal(a.__dict__, b.__dict__, seen):
        return False
    if (a.grad is None) != (b.grad is None):
        return False
    if a.device.type == 'meta':
        return a.layout != torch.strided or a.stride() == b.stride()
    a, b = a.detach(), b.detach()
    if a.layout == torch.sparse_coo:
        if a.is_coalesced() != b.is_coalesced():
            return False
        return equal_tensors(a._indices(), b._indices(), seen) and equal_tensors(a._values(), b._values(), seen)
    if a.layout in (torch.sparse_csr, torch.sparse_bsr):
        return all(equal_tensors(getattr(a, n)(), getattr(b, n)(), seen) for n in ('crow_indices', 'col_indices', 'values'))
    if a.layout in (torch.sparse_csc, torch.sparse_bsc):
        return all(equal_tensors(getattr(a, n)(), getattr(b, n)(), seen) for n in ('ccol_indices', 'row_indices', 'values'))
    if a.is_quantized:
        if a.qscheme() != b.qscheme() or not torch.equal(a.int_repr(), b.int_repr()):
            return False
        if a.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
            return (a.q_scale(), a.q_zero_point(), a.stride()) == (b.q_scale(), b.q_zero_point(), b.stride())
        return a.q_per_channel_axis() == b.q_per_channel_axis() and torch.equal(a.q_per_channel_zero_points(), b.q_per_channel_zero_points()) and torch.equal(a.q_per_channel_scales(), b.q_per_channel_scales()) and a.q_per_channel_scales().dtype == b.q_per_channel_scales().dtype
    if a.is_conj() or a.is_neg():
        # Which are written with the elements that they stand for, in a storage of their own.
        return torch.equal(a.resolve_conj().resolve_neg(), b.resolve_conj().resolve_neg())
    if a.numel() and a.stride() != b.stride() or a.storage_offset() != b.storage_offset() and a.untyped_storage().nbytes() == b.untyped_storage().nbytes():
        return False
    if a.numel():
        known = seen.setdefault(('storage', a.untyped_storage().data_ptr()), b.untyped_storage().data_ptr())
        if known != b.untyped_storage().data_ptr():
            return False
    n = (sum((s - 1) * st for s, st in zip(a.shape, a.stride())) + 1) * a.element_size() if a.numel() else 0
    x, y = (ctypes.string_at(t.data_ptr(), n) if n else b'' for t in (a, b))
    return x == y
