package main

import "strings"

// jsonClass is the class of the documents that unpkl pack reads.
const jsonClass = "JSON for pack"

func jsonDocuments(c *corpus) {
	const n = 1<<20 - 64
	list := func(unit string) string {
		return "[" + strings.TrimSuffix(rep(unit+",", n/(len(unit)+1)), ",") + "]"
	}
	for name, unit := range map[string]string{
		"empty lists": "[]", "empty objects": "{}", "zeros": "0", "nulls": "null", "floats": "1.5",
		"text": `"a"`, "objects of one": `{"a":0}`,
		"bytes": `{"$bytes":"AA=="}`, "tuples": `{"$object":"builtins.tuple","args":[[]]}`,
		"objects": `{"$object":"m.C"}`,
		"globals": `{"$global":"m.C"}`, "dicts": `{"$dict":[[1,2]]}`,
		"complex numbers": `{"$complex":[1,2]}`,
	} {
		c.either(name, list(unit))
	}
	for name, unit := range map[string]string{"lists": "[", "objects": `{"a":`,
		"states": `{"$object":"m.C","state":`, "keys": `{"$dict":[[`} {
		c.either("nested "+name+" without end", rep(unit, n/len(unit)))
		c.either("5,000 nested "+name, rep(unit, 5000)+"0"+
			rep(strings.NewReplacer("[", "]", "{", "}").Replace(unit[:1]), 5000))
	}
	for name, doc := range map[string]string{
		"nothing": "", "an end": "]", "two documents": "1 2", "a word": "nul", "NaN": "NaN",
		"a control character": "\"\x01\"", "half a surrogate pair": `"\ud800"`,
		"a number of 1 MB": rep("7", 1_000_000), "1e400": "1e400", "1e999999999": "1e999999999",
		"01": "01", "invalid UTF-8": "\"\xff\"", "a key twice": `{"a":1,"a":2}`,
		"an array of 2^40": `{"$ndarray":{"dtype":"<f8","shape":[1099511627776],"order":"C","nbytes":8796093022208,"base64":""}}`,
		"a negative shape": `{"$ndarray":{"dtype":"<f8","shape":[-1],"order":"C","nbytes":8,"base64":"AAAAAAAAAAA="}}`,
		"short base64":     `{"$ndarray":{"dtype":"<f8","shape":[2],"order":"C","nbytes":16,"base64":"AAAAAAAAAAA="}}`,
		"a list as key":    `{"$dict":[[[],1]]}`, "no base64": `{"$bytes":"!"}`,
		"a dtype nested in itself": `{"$dtype":` + rep(`[["a",`, 2000) + `"<f8"` + rep("]]", 2000) +
			"}",
	} {
		c.either(name, doc)
	}
	c.either("doubled references", `{"a":[0]`+references(60)+"}")
	c.either("references to nothing", list(`{"$ref":"#/x"}`))
	c.either("references to the whole", list(`{"$ref":"#"}`))
}

// references returns n members of a JSON object, each a list of two references to the one before.
func references(n int) string {
	var b strings.Builder
	before := "a"
	for range n {
		name := before + "a"
		b.WriteString(`,"` + name + `":[{"$ref":"#/` + before + `"},{"$ref":"#/` + before + `"}]`)
		before = name
	}
	return b.String()
}
