package unpkl_test

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/unpkl/unpkl"
)

// One Encoder and one Decoder for many buffers, with options that are given once.
func ExampleDecoder_Reset() {
	enc := unpkl.NewEncoder(nil, unpkl.WithProtocol(5))
	dec := unpkl.NewDecoder(nil, unpkl.WithStrict())
	for i := range 2 {
		var b bytes.Buffer
		enc.Reset(&b)
		if err := enc.Encode(map[string]int{"n": i}); err != nil {
			log.Fatal(err)
		}
		dec.Reset(&b)
		var v struct {
			N int `pickle:"n"`
		}
		if err := dec.Decode(&v); err != nil {
			log.Fatal(err)
		}
		fmt.Println(v.N)
	}
	// Output:
	// 0
	// 1
}

func ExampleEncoder_Reset() {
	enc := unpkl.NewEncoder(nil)
	for _, word := range []string{"a", "b"} {
		var b bytes.Buffer
		enc.Reset(&b)
		if err := enc.Encode(word); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q\n", b.String())
	}
	// Output:
	// "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94."
	// "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01b\x94."
}

func ExampleFileDecoder_All() {
	path := filepath.Join(os.TempDir(), "unpkl_example_stream.pkl")
	defer os.Remove(path)
	var b bytes.Buffer
	enc := unpkl.NewEncoder(&b)
	for i := range 3 {
		if err := enc.Encode(i * i); err != nil {
			log.Fatal(err)
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		log.Fatal(err)
	}
	file, err := unpkl.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	dec, err := file.Decoder()
	if err != nil {
		log.Fatal(err)
	}
	defer dec.Close()
	for v, err := range dec.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(v)
	}
	// Output:
	// 0
	// 1
	// 4
}
