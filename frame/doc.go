// Package frame holds tables with named, typed columns and an index: pandas'
// DataFrame, Series and Index on the Go side. It knows no pickle; package
// reconstruct makes its values from pandas' pickles.
//
// # Columns
//
// A [Series] keeps its elements as pandas does, in an *ndarray.Array with a
// validity mask or a value that means missing, so that nothing is copied and
// nothing is lost. [Column] and [Values] give them as a typed Go slice, [Rows] gives
// rows as structs, and [Frame.Records] iterates over rows in place.
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
// [New], [NewSeries], [NewCategorical] and [FromRows] make frames of Go slices and
// structs. The root package's Marshal, Encoder and WriteFile write a *Frame, *Series or
// *Index as a pickle that pandas 1.5, 2.x and 3.x load, at every protocol, as the same
// values, whichever version it was read from:
//
//   - columns of numbers and objects, nullable, categorical, sparse, period, interval and time
//     columns keep their dtype
//   - text gets the dtype that the loading pandas prefers: "str" is object before 3.0, a
//     "string" that was Arrow's has the storage that is configured there; an object array of text
//     stays one
//   - columns of other Arrow types become the nearest of pandas' own: nullable numbers, datetime64,
//     category, else objects (bytes, Decimal, date, time, lists, dicts); no pyarrow is needed
//   - time zones are looked up by name in the library that the loading pandas uses; fixed
//     offsets become datetime.timezone
//   - indexes keep their class, names and, where it has an alias, freq
//
// Units other than ns need pandas 2; pandas 1.5 converts naive columns to ns, and misreads indexes
// of other units, as it does its own. Loading periods of business days warns since pandas 2.2,
// however they are written. Columns of datetime64 in hours, months and so on, structured arrays,
// and an Opaque column without its Raw value are errors.
//
// Package arrowframe, below this one, makes Arrow record batches of frames, and frames of them.
//
// # What is not read
//
// These columns are Opaque, with the object that pandas wrote in Raw; their elements are an error,
// and an index of them is one of the kind pickle.ErrUnsupported: extension arrays of other
// libraries, and of Arrow's types string_view, binary_view, list_view, run_end_encoded,
// month_day_nano_interval, unions, and extension types but arrow.json, arrow.uuid and arrow.bool8.
// Freq is pandas' alias, which does not say the holidays of a custom business day, nor
// normalize=True; where the pickle holds an offset object and no alias it is that of pandas 1: "H",
// "T" and "A-DEC" for "h", "min" and "Y-DEC".
//
// # Ownership
//
// Arrays and text alias the memory of the pickle that they were read from. Values
// of this package must not be modified while others read them.
package frame
