package jsonval

// members are the contents of a JSON array or object. Each member is created when it is written, so
// that members take no memory in proportion to their number.
type members interface {
	len() int
	isObject() bool
	// at returns the member i, 0 <= i < len. key is "" in an array.
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

// oneLine marks members that are written on one line even with Options.Indent.
type oneLine struct{ members }

// form returns the special form {"$name": v}.
func form(name string, v any) members { return object{[]member{{name, v}}} }

// short returns a special form that is written on one line.
func short(name string, v any) members { return oneLine{form(name, v)} }

// Leaves that are not objects.
type (
	// number is the text of a JSON number.
	number string
	// base64Bytes is written as a base64 string.
	base64Bytes []byte
)

// Object returns a JSON object with these members, for an [Encoder].
func Object(names []string, values []any) any {
	o := object{member: make([]member, len(names))}
	for i, name := range names {
		o.member[i] = member{name, values[i]}
	}
	return o
}
