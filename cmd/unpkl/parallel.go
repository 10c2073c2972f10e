package main

// inOrder does work for each item, for as many at once as there are jobs, and hands over what came
// of it in the order of the items. The first error of done ends it.
func inOrder[T, R any](jobs int, items []T, work func(T) R, done func(T, R) error) error {
	results := make([]chan R, len(items))
	for i := range results {
		results[i] = make(chan R, 1)
	}
	next := make(chan int)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(next)
		for i := range items {
			select {
			case next <- i:
			case <-stop:
				return
			}
		}
	}()
	for range min(jobs, len(items)) {
		go func() {
			for i := range next {
				results[i] <- work(items[i])
			}
		}()
	}
	for i, r := range results {
		if err := done(items[i], <-r); err != nil {
			return err
		}
	}
	return nil
}
