package main

// shard converts the files of one shard.
func (r *batchRun) shard(folder bool) error {
	return usageErrorf("--shard needs OUT/")
}
