package reconstruct_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// zoneCases were written by CPython 3.13 with pytz 2026.6 and python-dateutil 4.0.0:
// pickle.dumps(expression, 4) without FRAME and memo, isoformat() of it, and of a datetime
// astimezone(timezone.utc). E is pytz.timezone('US/Eastern'), Z is zoneinfo.ZoneInfo, d is
// datetime.
var zoneCases = []struct{ expression, pickled, iso, utc string }{
	{"d.datetime(2020,1,1,tzinfo=E)",
		"\x80\x04\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\xe4\x01\x01\x00\x00\x00\x00\x00\x00\x8c\x04pytz\x8c\x02_p\x93(\x8c\nUS/EasternJ\xa0\xba\xff\xffK\x00\x8c\x03LMTtR\x86R.", "2020-01-01T00:00:00-04:56", "2020-01-01T04:56:00Z"},
	{"E.localize(d.datetime(2020,7,1))",
		"\x80\x04\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\xe4\x07\x01\x00\x00\x00\x00\x00\x00\x8c\x04pytz\x8c\x02_p\x93(\x8c\nUS/EasternJ\xc0\xc7\xff\xffM\x10\x0e\x8c\x03EDTtR\x86R.", "2020-07-01T00:00:00-04:00", "2020-07-01T04:00:00Z"},
	{"E.localize(d.datetime(2020,7,1))+d.timedelta(days=200)",
		"\x80\x04\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\xe5\x01\x11\x00\x00\x00\x00\x00\x00\x8c\x04pytz\x8c\x02_p\x93(\x8c\nUS/EasternJ\xc0\xc7\xff\xffM\x10\x0e\x8c\x03EDTtR\x86R.", "2021-01-17T00:00:00-04:00", "2021-01-17T04:00:00Z"},
	{"E.localize(d.datetime(2020,11,1,1,30),is_dst=True)",
		"\x80\x04\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\xe4\x0b\x01\x01\x1e\x00\x00\x00\x00\x8c\x04pytz\x8c\x02_p\x93(\x8c\nUS/EasternJ\xc0\xc7\xff\xffM\x10\x0e\x8c\x03EDTtR\x86R.", "2020-11-01T01:30:00-04:00", "2020-11-01T05:30:00Z"},
	{"E.localize(d.datetime(2020,11,1,1,30),is_dst=False)",
		"\x80\x04\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\xe4\x0b\x01\x01\x1e\x00\x00\x00\x00\x8c\x04pytz\x8c\x02_p\x93(\x8c\nUS/EasternJ\xb0\xb9\xff\xffK\x00\x8c\x03ESTtR\x86R.", "2020-11-01T01:30:00-05:00", "2020-11-01T06:30:00Z"},
	{"pytz.timezone('Europe/Amsterdam').localize(d.datetime(1930,1,1))",
		"\x80\x04\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\x8a\x01\x01\x00\x00\x00\x00\x00\x00\x8c\x04pytz\x8c\x02_p\x93(\x8c\x10Europe/AmsterdamK\x00K\x00\x8c\x03WETtR\x86R.", "1930-01-01T00:00:00+00:00", "1930-01-01T00:00:00Z"},
	{"E.localize(d.datetime(2040,7,1))",
		"\x80\x04\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\xf8\x07\x01\x00\x00\x00\x00\x00\x00\x8c\x04pytz\x8c\x02_p\x93(\x8c\nUS/EasternJ\xb0\xb9\xff\xffK\x00\x8c\x03ESTtR\x86R.", "2040-07-01T00:00:00-05:00", "2040-07-01T05:00:00Z"},
	{"d.datetime(2020,3,8,2,30,tzinfo=Z('America/New_York'))",
		"\x80\x04\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\xe4\x03\x08\x02\x1e\x00\x00\x00\x00\x8c\x08builtins\x8c\x07getattr\x93\x8c\x08zoneinfo\x8c\x08ZoneInfo\x93\x8c\x09_unpickle\x86R\x8c\x10America/New_YorkK\x01\x86R\x86R.", "2020-03-08T02:30:00-05:00", "2020-03-08T07:30:00Z"},
	{"d.datetime(2020,3,8,2,30,fold=1,tzinfo=Z('America/New_York'))",
		"\x80\x04\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\xe4\x83\x08\x02\x1e\x00\x00\x00\x00\x8c\x08builtins\x8c\x07getattr\x93\x8c\x08zoneinfo\x8c\x08ZoneInfo\x93\x8c\x09_unpickle\x86R\x8c\x10America/New_YorkK\x01\x86R\x86R.", "2020-03-08T02:30:00-04:00", "2020-03-08T06:30:00Z"},
	{"d.time(1,2,tzinfo=E)",
		"\x80\x04\x8c\x08datetime\x8c\x04time\x93C\x06\x01\x02\x00\x00\x00\x00\x8c\x04pytz\x8c\x02_p\x93(\x8c\nUS/EasternJ\xa0\xba\xff\xffK\x00\x8c\x03LMTtR\x86R.", "01:02:00", ""},
	{"d.time(1,2,tzinfo=pytz.utc)",
		"\x80\x04\x8c\x08datetime\x8c\x04time\x93C\x06\x01\x02\x00\x00\x00\x00\x8c\x04pytz\x8c\x04_UTC\x93)R\x86R.", "01:02:00+00:00", ""},
	{"d.time(1,2,tzinfo=pytz.FixedOffset(90))",
		"\x80\x04\x8c\x08datetime\x8c\x04time\x93C\x06\x01\x02\x00\x00\x00\x00\x8c\x04pytz\x8c\x0bFixedOffset\x93KZ\x85R\x86R.", "01:02:00+01:30", ""},
	{"d.time(1,2,tzinfo=pytz.timezone('Etc/GMT+5'))",
		"\x80\x04\x8c\x08datetime\x8c\x04time\x93C\x06\x01\x02\x00\x00\x00\x00\x8c\x04pytz\x8c\x02_p\x93\x8c\x09Etc/GMT+5\x85R\x86R.", "01:02:00-05:00", ""},
	{"d.time(1,2,tzinfo=Z('UTC'))",
		"\x80\x04\x8c\x08datetime\x8c\x04time\x93C\x06\x01\x02\x00\x00\x00\x00\x8c\x08builtins\x8c\x07getattr\x93\x8c\x08zoneinfo\x8c\x08ZoneInfo\x93\x8c\x09_unpickle\x86R\x8c\x03UTCK\x01\x86R\x86R.", "01:02:00+00:00", ""},
	{"d.time(1,2,tzinfo=Z('Europe/Paris'))",
		"\x80\x04\x8c\x08datetime\x8c\x04time\x93C\x06\x01\x02\x00\x00\x00\x00\x8c\x08builtins\x8c\x07getattr\x93\x8c\x08zoneinfo\x8c\x08ZoneInfo\x93\x8c\x09_unpickle\x86R\x8c\x0cEurope/ParisK\x01\x86R\x86R.", "01:02:00", ""},
	{"d.time(1,2,tzinfo=tz.tzutc())",
		"\x80\x04\x8c\x08datetime\x8c\x04time\x93C\x06\x01\x02\x00\x00\x00\x00\x8c\x0edateutil.tz.tz\x8c\x05tzutc\x93)R\x86R.", "01:02:00+00:00", ""},
	{"d.time(1,2,tzinfo=tz.tzoffset(None,3600))",
		"\x80\x04\x8c\x08datetime\x94\x8c\x04time\x93C\x06\x01\x02\x00\x00\x00\x00\x8c\x0edateutil.tz.tz\x8c\x08tzoffset\x93Nh\x00\x8c\x09timedelta\x93K\x00M\x10\x0eK\x00\x87R\x86R\x86R.", "01:02:00+01:00", ""},
}

func TestDatetimesInZones(t *testing.T) {
	for _, c := range zoneCases {
		u := pickle.NewUnpicklerBytes([]byte(c.pickled))
		u.FindClass = reconstruct.FindClass
		v, err := u.Load()
		if err != nil {
			t.Fatalf("%s: %v", c.expression, err)
		}
		if got := v.(interface{ ISOFormat() string }).ISOFormat(); got != c.iso {
			t.Errorf("%s: ISOFormat is %s, want %s", c.expression, got, c.iso)
		}
		d, ok := v.(*reconstruct.Datetime)
		if !ok {
			continue
		}
		got, err := d.Time()
		if err != nil || got.UTC().Format(time.RFC3339) != c.utc {
			t.Errorf("%s: Time is %v, %v, want %s", c.expression, got, err, c.utc)
		}
	}
}
