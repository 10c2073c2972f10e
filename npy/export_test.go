package npy

// SkipForTest makes z believe that n bytes more have been written.
func SkipForTest(z *ArchiveWriter, n int64) { z.offset += n }
