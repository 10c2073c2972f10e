// Package frame implements tables with named, typed columns and an index: pandas' DataFrame, Series
// and Index in Go. It does not read pickles; package reconstruct creates its values from pandas'
// pickles.
//
// # Columns
//
// A [Series] stores its elements as pandas does: in an *ndarray.Array, where missing elements have
// a special value or are marked in a mask. So nothing is copied or lost. [Column] and [Values]
// return elements as a typed Go slice, [Rows] returns rows as structs, and [Frame.Records] iterates
// over rows in place.
//
//	pandas                                  Kind         stored as
//	bool, ints, floats, complex, object     Numpy        Values
//	Int8...UInt64, Float32/64, boolean      Masked       Values, Valid
//	datetime64[unit], with time zone or not Datetime     Values (datetime64, UTC), TZ
//	timedelta64[unit]                       Timedelta    Values (timedelta64)
//	category                                Categorical  Values (codes), Categories
//	period[freq]                            Period       Values (ordinals), Freq
//	interval                                Interval     Left, Right, Closed
//	Sparse                                  Sparse       Values, Positions, FillValue
//	string, str: object array               Numpy        Values
//	string, str: Arrow                      Text         Text
//	other Arrow types                       Masked, Datetime, Categorical, Object
//	anything else                           Opaque       Raw
//
// # Building and writing
//
// [New], [NewSeries], [NewCategorical] and [FromRows] create frames from Go slices and structs. The
// root package's Marshal, Encoder and WriteFile write a *Frame, *Series or *Index, from whichever
// version of pandas it was read, as a pickle at any protocol. pandas 1.5, 2.x and 3.x load the same
// values from it:
//
// - columns of numbers and objects, nullable, categorical, sparse, period, interval and time
// columns keep their dtype
// - text gets the dtype that the loading pandas prefers: "str" is object before 3.0, a "string"
// from Arrow has the storage that is configured there; an object array of text stays one
// - columns of other Arrow types become the nearest type of pandas itself: nullable numbers,
// datetime64, category, or otherwise objects (bytes, Decimal, date, time, lists, dicts), so that
// loading them does not need pyarrow
// - time zones are looked up by name in the library that the loading pandas uses; fixed
// offsets become datetime.timezone
// - indexes keep their class, names, and freq if that has an alias
//
// Units other than ns need pandas 2: pandas 1.5 converts naive columns to ns, and misreads indexes
// of other units, also those of its own pickles. Since pandas 2.2, loading periods of business days
// always warns. Columns of datetime64 in hours, months and so on, structured arrays, and an Opaque
// column without its Raw value are errors.
//
// Package arrowframe converts frames to Arrow record batches and back.
//
// # What is not read
//
// The elements of some extension arrays are not read: those of other libraries, and of Arrow's
// types string_view, binary_view, list_view, run_end_encoded, month_day_nano_interval, unions, and
// extension types other than arrow.json, arrow.uuid and arrow.bool8. Such a column is Opaque: Raw
// is the object that pandas wrote, and reading an element is an error. An index of such an array is
// an error of the kind pickle.ErrUnsupported.
//
// Freq is pandas' alias, which does not include the holidays of a custom business day, nor
// normalize=True. If the pickle has an offset object and no alias, Freq is the alias of pandas 1:
// "H", "T" and "A-DEC" for "h", "min" and "Y-DEC".
//
// # Ownership
//
// Arrays and text share the memory of the pickle that they were read from. Values of this package
// must not be modified while other goroutines read them.
package frame
