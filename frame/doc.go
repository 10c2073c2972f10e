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
// # Ownership
//
// Arrays and text alias the memory of the pickle that they were read from. Values
// of this package must not be modified while others read them.
package frame
