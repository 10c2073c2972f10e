#!/usr/bin/env python3
"""Tests of compare.py: it must call equal what is equal, and nothing else. Run under any environment."""
from __future__ import print_function

import collections
import datetime
import os
import pickle
import shutil
import struct
import sys
import tempfile
import unittest

import numpy as np

import compare


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def word(self, a, b, a_protocol=2, b_protocol=2):
        paths = []
        for i, (v, p) in enumerate(((a, a_protocol), (b, b_protocol))):
            paths.append(os.path.join(self.dir, '%d.pkl' % i))
            with open(paths[i], 'wb') as f:
                f.write(v if isinstance(v, RawPickle) else pickle.dumps(v, p))
        return compare.compare(*paths)[0]

    def test_equal_across_protocols(self):
        l = [1]
        value = [None, True, 1, 2 ** 70, 0.1, float('nan'), u'text', b'bytes', (1, 2), {u'k': [l, l]}, np.arange(6.).reshape(2, 3),
                 np.asfortranarray(np.ones((2, 3))), np.float32(1), datetime.datetime(2020, 1, 1), collections.OrderedDict([(1, 2)]),
                 np.array([u'x', None], object), np.ma.array([1, 2], mask=[0, 1]), np.dtype([('a', 'i4')])]
        for a in range(pickle.HIGHEST_PROTOCOL + 1):
            for b in range(pickle.HIGHEST_PROTOCOL + 1):
                self.assertEqual(self.word(value, value, a, b), 'equal', (a, b))

    def test_differences(self):
        l, a = [1], np.arange(4, dtype='<i4')
        pairs = [(1, 2), (1, 1.0), (1, True), (0.0, -0.0), (u'a', u'b'), ([1], (1,)), ({1: 2}, {1: 3}), ([l, l], [[1], [1]]),
                 ([l, [1]], [l, l]), (a, a.astype('<i8')), (a, a.astype('f4')), (a, a.reshape(2, 2)), (a, [0, 1, 2, 3]),
                 (np.zeros((2, 3)), np.asfortranarray(np.zeros((2, 3)))), (np.float64(1), 1.0), (np.float32(1), np.float64(1)),
                 (np.array(1), np.int64(1)), (np.matrix([[1]]), np.array([[1]])), (a, np.ma.array(a)), (np.dtype('<i4'), np.dtype('>i4')),
                 (np.dtype([('a', 'i4')]), np.dtype([('b', 'i4')])), (np.array(['NaT'], 'M8[s]'), np.array(['NaT'], 'M8[ms]')),
                 (np.array([b'a'], 'S1'), np.array([b'a'], 'S2')), ([a, a], [a, a.copy()]), (set([1]), frozenset([1])),
                 (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[1, 1])), (None, False), (b'a', bytearray(b'a'))]
        if sys.version_info >= (3, 7):
            pairs += [({1: 1, 2: 2}, {2: 2, 1: 1}), (b'a', u'a')]
        nan = struct.unpack('<d', struct.pack('<Q', 0x7ff8000000000001))[0]
        pairs.append((nan, float('nan')))
        for x, y in pairs:
            self.assertEqual(self.word(x, y), 'differ', (x, y))
            self.assertEqual(self.word(x, x), 'equal', (x,))

    def test_cycles(self):
        a, b = [], []
        a.append(a)
        b.append([b])
        self.assertEqual(self.word(a, a), 'equal')
        self.assertEqual(self.word(a, b), 'differ')

    def test_unloadable(self):
        self.assertEqual(self.word(RawPickle(b'junk'), 1), 'unreadable')
        self.assertEqual(self.word(1, RawPickle(b'\x80\x02K\x01')), 'failed')

    def test_warning_fails(self):
        warns = RawPickle(b"\x80\x02cwarnings\nwarn\nX\x01\x00\x00\x00w\x85R.")
        self.assertEqual(self.word(None, warns), 'failed')
        self.assertEqual(self.word(warns, None), 'equal')

    def test_several(self):
        two = RawPickle(pickle.dumps(1, 2) + pickle.dumps(2, 2))
        self.assertEqual(self.word(two, two), 'equal')
        self.assertEqual(self.word(two, RawPickle(pickle.dumps(1, 2))), 'differ')

    @unittest.skipIf(sys.version_info < (3, 8), 'no buffers')
    def test_buffers(self):
        a = np.arange(3, dtype='i2')
        for i, data in enumerate((a, a + 1)):
            buffers = []
            with open(os.path.join(self.dir, 'b%d.pkl' % i), 'wb') as f:
                f.write(pickle.dumps(data, 5, buffer_callback=buffers.append))
            with open(os.path.join(self.dir, 'b%d.0.buf' % i), 'wb') as f:
                f.write(buffers[0].raw())
        path = os.path.join(self.dir, 'b%d.pkl')
        self.assertEqual(compare.compare(path % 0, path % 0)[0], 'equal')
        self.assertEqual(compare.compare(path % 0, path % 1)[0], 'differ')


class RawPickle(bytes):
    """Bytes that are a file's content as they are."""


if __name__ == '__main__':
    unittest.main()
