package convert

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
	_ "modernc.org/sqlite" // the driver

	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/internal/xdr"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

var sqliteFormat = &Format{
	Name: "sqlite", Endings: []string{".db", ".sqlite", ".sqlite3", ".db3"},
	About: "BLOBs in a column of a SQLite table, in XDR or as .npy: FILE#TABLE.COLUMN",
	Holds: KindNamed, magic: magic.SQLite, read: readSQLite, write: writeSQLite,
}

// BLOB describes the BLOBs of arrays in a SQLite database.
type BLOB struct {
	// Encoding is "npy" or "xdr". With "", a reader recognises the encoding of each BLOB, and a
	// writer uses that of the BLOBs in the table, or .npy in a new table.
	Encoding string
	// DType is the dtype of the elements in XDR: int32, uint32, int64, uint64, float32, or float64
	// if it is nil.
	DType *ndarray.DType
	// Complex says that pairs of elements are the real and imaginary parts of complex numbers.
	Complex bool
	// Shape is the shape of each array that is read from XDR, which stores one dimension only. One
	// entry may be -1.
	Shape []int
	// Key is the column with the names of the arrays; "" is the table's primary key.
	Key string
}

// The table and columns of a new database.
const (
	defaultTable  = "arrays"
	defaultColumn = "data"
	defaultKey    = "name"
)

// openSQLite opens a database. Functions in its schema are not trusted and not called.
func openSQLite(path, mode string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}
	u.RawQuery = "mode=" + mode + "&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// quoted returns a name as an SQL identifier.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// column is a column of a table.
type column struct {
	name, affinity string
	key            int // position in the primary key, from 1; 0: not a part of it
}

// columnsOf returns the columns of a table, or none if there is no such table. A view is no table.
func columnsOf(db queryer, table string) ([]column, error) {
	ctx := context.Background()
	var n int
	err := db.QueryRowContext(ctx,
		`SELECT count(*) FROM sqlite_schema WHERE type='table' AND name=?`, table).Scan(&n)
	if err != nil || n == 0 {
		return nil, sqliteError(err)
	}
	rows, err := db.QueryContext(ctx, `SELECT name, type, pk FROM pragma_table_info(?)`, table)
	if err != nil {
		return nil, sqliteError(err)
	}
	defer rows.Close()
	var out []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.affinity, &c.key); err != nil {
			return nil, sqliteError(err)
		}
		out = append(out, c)
	}
	return out, sqliteError(rows.Err())
}

// queryer is a database or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func sqliteError(err error) error {
	if err == nil {
		return nil
	}
	return malformed("SQLite: %v", err)
}

// blobTarget names the columns of the arrays and of their names.
type blobTarget struct {
	table, column, key string
	intKey             bool
}

// findTarget returns the table and columns that a fragment names, and finds those that it does not
// name in the database. ok is false if the database does not have the table.
func (b *BLOB) findTarget(db queryer, fragment string) (t blobTarget, ok bool, err error) {
	table, name, found := strings.Cut(fragment, ".")
	if !found {
		name = ""
	}
	if table == "" {
		if table, err = onlyTable(db); err != nil || table == "" {
			return blobTarget{defaultTable, defaultColumn, defaultKey, false}, false, err
		}
	}
	t = blobTarget{table: table, column: name, key: b.Key}
	columns, err := columnsOf(db, table)
	if err != nil || columns == nil {
		if t.column == "" {
			t.column = defaultColumn
		}
		if t.key == "" {
			t.key = defaultKey
		}
		return t, false, err
	}
	return t, true, t.complete(columns)
}

// complete checks the names of the columns, and finds those that are not given.
func (t *blobTarget) complete(columns []column) error {
	var blobs []string
	hasColumn, hasKey := false, t.key == "rowid"
	for _, c := range columns {
		if strings.Contains(strings.ToUpper(c.affinity), "BLOB") || c.affinity == "" {
			blobs = append(blobs, c.name)
		}
		hasColumn = hasColumn || c.name == t.column
		if t.key == "" && c.key == 1 {
			t.key = c.name
		}
		if c.name == t.key {
			hasKey = true
			t.intKey = strings.Contains(strings.ToUpper(c.affinity), "INT")
		}
	}
	if t.column == "" && len(blobs) == 1 {
		t.column, hasColumn = blobs[0], true
	}
	if !hasColumn {
		return malformed("SQLite: table %q has no column %q; its columns of BLOBs are %q", t.table,
			t.column, blobs)
	}
	if t.key == "" {
		t.key, t.intKey, hasKey = "rowid", true, true
	}
	if !hasKey {
		return malformed("SQLite: table %q has no column %q", t.table, t.key)
	}
	return nil
}

// onlyTable returns the name of the only table, or "" if there is none.
func onlyTable(db queryer) (string, error) {
	rows, err := db.QueryContext(context.Background(),
		`SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	if err != nil {
		return "", sqliteError(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return "", sqliteError(err)
		}
		names = append(names, name)
	}
	if len(names) > 1 {
		return "", malformed("SQLite: which table? FILE#TABLE.COLUMN; there are %q", names)
	}
	return strings.Join(names, ""), sqliteError(rows.Err())
}

func readSQLite(in *input) (any, error) {
	if _, err := os.Stat(in.path); err != nil {
		return nil, err
	}
	mode := "ro"
	if _, err := os.Stat(in.path + "-journal"); err == nil {
		mode = "rw" // a writer was killed: SQLite has to roll back its changes
	}
	db, err := openSQLite(in.path, mode)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	t, ok, err := in.blob.findTarget(db, in.fragment)
	if err == nil && !ok {
		err = malformed("SQLite: there is no table %q", t.table)
	}
	if err != nil {
		return nil, err
	}
	query := fmt.Sprintf(`SELECT %s, %s FROM %s ORDER BY rowid`, quotedKey(t.key), quoted(t.column),
		quoted(t.table))
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		return nil, sqliteError(err)
	}
	defer rows.Close()
	out := types.Dict{}
	names := map[string]bool{}
	for rows.Next() {
		var key any
		var value any
		if err := rows.Scan(&key, &value); err != nil {
			return nil, sqliteError(err)
		}
		name := keyName(key)
		blob, isBlob := value.([]byte)
		if !isBlob {
			in.warning(fmt.Sprintf("row %s of %s.%s is no BLOB: passed over", name, t.table,
				t.column))
			continue
		}
		if names[name] {
			return nil, malformed("SQLite: the key %q occurs twice in column %q", name, t.key)
		}
		names[name] = true
		a, err := in.decodeBlob(blob)
		if err != nil {
			return nil, fmt.Errorf("convert: row %s of %s.%s: %w", name, t.table, t.column, err)
		}
		out = append(out, types.DictEntry{Key: name, Value: a})
	}
	return &out, sqliteError(rows.Err())
}

func quotedKey(key string) string {
	if key == "rowid" {
		return key
	}
	return quoted(key)
}

func keyName(key any) string {
	if b, ok := key.([]byte); ok {
		return string(b)
	}
	return texts.Sprint(key)
}

// decodeBlob returns the array in a BLOB.
func (in *input) decodeBlob(blob []byte) (*ndarray.Array, error) {
	b := in.blob
	isNPY := bytes.HasPrefix(blob, []byte(npy.Magic))
	if b.Encoding == "npy" || b.Encoding == "" && isNPY {
		return npy.Read(bytes.NewReader(blob), in.npyOptions())
	}
	dt := b.DType
	if dt == nil {
		dt = ndarray.DTypeOf[float64]()
	}
	a, err := xdr.Decode(blob, dt, b.Complex)
	if err != nil {
		return nil, err
	}
	if a, err = convertArray(a, a.DType().NewByteOrder(ndarray.NativeEndian)); err != nil ||
		b.Shape == nil {
		return a, err
	}
	return a.Reshape(b.Shape...)
}

// encodeBlob returns an array as a BLOB; path is its place in the document.
func (d *document) encodeBlob(a *ndarray.Array, encoding, path string) ([]byte, error) {
	if encoding == "npy" {
		var b bytes.Buffer
		err := npy.Write(&b, a, d.npyOptions())
		return b.Bytes(), err
	}
	if a.NDim() != 1 && d.blob.Shape == nil {
		if err := d.loss(path, fmt.Sprintf("the shape %v in XDR (--blob npy does)", a.Shape()),
			KindNamed); err != nil {
			return nil, err
		}
	}
	dt := d.blob.DType
	if dt == nil {
		dt = ndarray.DTypeOf[float64]()
	}
	if d.blob.Complex {
		dt = ndarray.DTypeOf[complex128]()
	}
	big, err := convertArray(a, dt.NewByteOrder(ndarray.BigEndian))
	if err != nil {
		return nil, d.refuse(path, describe(a)+" as "+dt.String()+" in XDR (--blob npy does)",
			KindNamed)
	}
	return xdr.Encode(big)
}

// writeSQLite writes arrays to rows of a table. A new database gets its name when it is complete;
// an existing one is changed in one transaction.
func writeSQLite(out *output, v any) error {
	d := out.document()
	arrays, err := d.named(v)
	if err != nil {
		return err
	}
	if _, err := os.Stat(out.path); err == nil {
		return d.storeArrays(out.path, "rw", arrays)
	}
	return out.replace(func(f *os.File) error { return d.storeArrays(f.Name(), "rw", arrays) })
}

// storeArrays writes arrays to a database in one transaction.
func (d *document) storeArrays(path, mode string, arrays []namedArray) error {
	db, err := openSQLite(path, mode)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return sqliteError(err)
	}
	defer tx.Rollback()
	t, ok, err := d.blob.findTarget(tx, d.fragment)
	if err != nil {
		return err
	}
	if !ok {
		create := fmt.Sprintf(`CREATE TABLE %s (%s TEXT PRIMARY KEY NOT NULL, %s BLOB)`,
			quoted(t.table), quoted(t.key), quoted(t.column))
		if _, err := tx.Exec(create); err != nil {
			return sqliteError(err)
		}
	}
	encoding, err := d.blob.encoding(tx, t)
	if err != nil {
		return err
	}
	for _, n := range arrays {
		blob, err := d.encodeBlob(n.array, encoding, child("", n.name))
		if err != nil {
			return err
		}
		if err := t.putRow(tx, n.name, blob); err != nil {
			return err
		}
	}
	return sqliteError(tx.Commit())
}

// encoding returns the encoding of the BLOBs in the table.
func (b *BLOB) encoding(db queryer, t blobTarget) (string, error) {
	if b.Encoding != "" {
		return b.Encoding, nil
	}
	var head []byte
	query := fmt.Sprintf(`SELECT substr(%s, 1, 6) FROM %s WHERE typeof(%[1]s)='blob' LIMIT 1`,
		quoted(t.column), quoted(t.table))
	err := db.QueryRowContext(context.Background(), query).Scan(&head)
	switch {
	case err == sql.ErrNoRows || err == nil && string(head) == npy.Magic:
		return "npy", nil
	case err != nil:
		return "", sqliteError(err)
	}
	return "xdr", nil
}

// putRow writes the BLOB of a row, and inserts the row if it does not exist.
func (t *blobTarget) putRow(tx *sql.Tx, name string, blob []byte) error {
	var key any = name
	if t.intKey {
		n, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return malformed("SQLite: %q is no key of column %q, which is of integers", name, t.key)
		}
		key = n
	}
	update := fmt.Sprintf(`UPDATE %s SET %s=? WHERE %s=?`, quoted(t.table), quoted(t.column),
		quotedKey(t.key))
	result, err := tx.Exec(update, blob, key)
	if err != nil {
		return sqliteError(err)
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return sqliteError(err)
	}
	insert := fmt.Sprintf(`INSERT INTO %s (%s, %s) VALUES (?, ?)`, quoted(t.table),
		quotedKey(t.key), quoted(t.column))
	_, err = tx.Exec(insert, key, blob)
	return sqliteError(err)
}
