package reconstruct

import (
	"fmt"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// WordVectors are gensim's KeyedVectors: a matrix with one row for each word.
type WordVectors struct {
	origin
	// Words are the keys, in the order of the rows of Vectors.
	Words []string
	// Vectors has shape (words, size). It is nil where gensim stored the matrix in a .npy file
	// beside the pickle, as its method save does for large ones.
	Vectors *ndarray.Array

	rows map[string]int // row of each word
}

// readGensim reads KeyedVectors of gensim 4 and of earlier versions.
//
// Reference: gensim/models/keyedvectors.py.
func readGensim(inst namedInstance) (any, error) {
	if !hasSuffix(inst.Class.Name, "KeyedVectors") {
		return nil, nil
	}
	state, ok := textKeys(inst.State)
	if !ok {
		return nil, nil
	}
	keys, found := first(state, "index_to_key", "index2word", "index2entity")
	list, ok := items(keys)
	if !found || !ok {
		return nil, nil
	}
	w := &WordVectors{Words: make([]string, len(list)), rows: make(map[string]int, len(list))}
	for i, k := range list {
		if w.Words[i], ok = asText(k); !ok {
			return nil, nil // keys of document vectors may be other than words
		}
		w.rows[w.Words[i]] = i
	}
	matrix, _ := first(state, "vectors", "syn0")
	if matrix == nil {
		return w, nil
	}
	if w.Vectors, ok = matrix.(*ndarray.Array); !ok || w.Vectors.NDim() != 2 ||
		w.Vectors.Shape()[0] < len(w.Words) {
		return nil, pickle.Malformed("%d words with vectors of %s", len(w.Words), typeName(matrix))
	}
	if size, ok := asInt(plainScalar(state["vector_size"])); ok &&
		size != w.Vectors.Shape()[1] {
		return nil, pickle.Malformed("vectors of %d numbers in a matrix of shape %v", size,
			w.Vectors.Shape())
	}
	return w, nil
}

// Vector returns the row of a word as a view of Vectors. ok is false if the word is unknown.
func (w *WordVectors) Vector(word string) (v *ndarray.Array, ok bool) {
	i, ok := w.rows[word]
	if !ok || w.Vectors == nil {
		return nil, false
	}
	v, err := w.Vectors.Index(i)
	return v, err == nil
}

// MarshalJSON returns the form of to-json --arrays=values.
func (w *WordVectors) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(w) }

// Form implements [LibraryValue].
func (w *WordVectors) Form() string { return "$vectors" }

// Parts implements [LibraryValue].
func (w *WordVectors) Parts() []Part {
	return partOrNone([]Part{{Name: "words", Value: w.Words}}, "vectors", w.Vectors)
}

// Places implements [LibraryValue].
func (w *WordVectors) Places() []*any { return nil }

// String returns the number of words.
func (w *WordVectors) String() string { return fmt.Sprintf("%d words", len(w.Words)) }

// readNLTK reads NLTK's FreqDist as a Counter, and ConditionalFreqDist as a dict of Counters.
func readNLTK(inst namedInstance) (any, error) {
	if inst.Class.Name == "ConditionalFreqDist" {
		return &DefaultDict{mapping: mapping{Dict: slices.Clone(inst.DictItems)}}, nil
	}
	if inst.Class.Name != "FreqDist" || len(inst.Args) != 1 {
		return nil, nil
	}
	counts, ok := inst.Args[0].(*types.Dict)
	if !ok || counts == nil {
		return nil, nil
	}
	return &Counter{mapping{Dict: slices.Clone(*counts)}}, nil
}
