package jsonval

// members are what stands inside a JSON array or object. They are made one at
// a time as they are written, so that a form costs nothing for its size.
type members interface {
	len() int
	isObject() bool
	// at returns member i, 0 <= i < len; key is "" for arrays.
	at(i int) (key string, v any, err error)
}

// list is a JSON array of values.
type list []any

func (l list) len() int                      { return len(l) }
func (l list) isObject() bool                { return false }
func (l list) at(i int) (string, any, error) { return "", l[i], nil }

// object is a JSON object.
type object struct{ member []member }

type member struct {
	key   string
	value any
}

func (o object) len() int       { return len(o.member) }
func (o object) isObject() bool { return true }
func (o object) at(i int) (string, any, error) {
	return o.member[i].key, o.member[i].value, nil
}

func (o *object) add(key string, v any) { o.member = append(o.member, member{key, v}) }

// oneLine marks members that stand on one line even where there is an indent.
type oneLine struct{ members }

// form is the special form {"$name": v}.
func form(name string, v any) members { return object{[]member{{name, v}}} }

// short is a form that stands on one line.
func short(name string, v any) members { return oneLine{form(name, v)} }

// Leaves that are not Python values.
type (
	// number is the text of a JSON number.
	number string
	// base64Bytes is written as a base64 string.
	base64Bytes []byte
)

// Object returns an object of members, for an [Encoder].
func Object(names []string, values []any) any {
	o := object{member: make([]member, len(names))}
	for i, name := range names {
		o.member[i] = member{name, values[i]}
	}
	return o
}
