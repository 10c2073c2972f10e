package describe

import (
	"fmt"
	"strings"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/xr"
)

// nameXarray names a value of package xr by its class, with its dimensions.
func nameXarray(n *Node, v any) {
	switch v := v.(type) {
	case *xr.Variable:
		n.Kind = short(v.Class, "Variable")
		nameVariable(n, v)
	case *xr.DataArray:
		n.Kind = short(v.Class, "DataArray")
		nameVariable(n, &v.Variable)
	case *xr.Dataset:
		n.Kind, n.Len = short(v.Class, "Dataset"), count(len(v.Vars))
		n.Detail = dimsText(v)
	case *xr.DataTree:
		n.Kind, n.Len = short(v.Class, "DataTree"), count(len(v.Children))
		if v.Dataset != nil {
			n.Detail = dimsText(v.Dataset)
		}
	}
}

func nameVariable(n *Node, v *xr.Variable) {
	n.DType, n.Shape = v.DType(), v.Shape()
	n.Detail = "dims (" + strings.Join(v.Dims, ", ") + ")"
	switch a, ok := pyvalue.ArrayOf(v); {
	case v.Series != nil:
		n.NBytes = number(seriesBytes(v.Series))
	case ok:
		n.NBytes = number(int64(a.NBytes()))
	}
	if a, ok := pyvalue.ArrayOf(v); ok {
		n.Value = look(arrayLook(a, nil))
	}
}

// dimsText is the dimensions with their sizes.
func dimsText(d *xr.Dataset) string {
	var parts []string
	for _, dim := range d.Dims() {
		parts = append(parts, fmt.Sprintf("%s: %d", dim.Name, dim.Size))
	}
	return "dims (" + strings.Join(parts, ", ") + ")"
}
