package describe

import (
	"fmt"
	"strings"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/xr"
)

// nameXarray describes a value of package xr by its class and dimensions.
func nameXarray(n *Node, v any) {
	switch v := v.(type) {
	case *xr.Variable:
		n.Kind = shortClass(v.Class, "Variable")
		nameVariable(n, v)
	case *xr.DataArray:
		n.Kind = shortClass(v.Class, "DataArray")
		nameVariable(n, &v.Variable)
	case *xr.Dataset:
		n.Kind, n.Len = shortClass(v.Class, "Dataset"), count(len(v.Vars))
		n.Detail = dimsText(v)
	case *xr.DataTree:
		n.Kind, n.Len = shortClass(v.Class, "DataTree"), count(len(v.Children))
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
		n.Value = preview(arrayElements(a, nil))
	}
}

// dimsText returns the names and sizes of the dimensions of a dataset.
func dimsText(d *xr.Dataset) string {
	var parts []string
	for _, dim := range d.Dims() {
		parts = append(parts, fmt.Sprintf("%s: %d", dim.Name, dim.Size))
	}
	return "dims (" + strings.Join(parts, ", ") + ")"
}
