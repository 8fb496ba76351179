# The everyday commands. Each sees to what it needs by packaging/setup.

.PHONY: run test bench man lint screenshots

# The window; without a display, a show of ten seconds from the test picture and tone into this computer, and what a
# viewer got of it.
run:
	@packaging/setup build
	@packaging/setup run
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	  echo cargo run --release --locked; cargo run --release --locked; \
	else \
	  cargo run --release --locked -- live --rehearse --video test --audio test --for 10s; \
	fi

# Everything, real peers included.
test:
	@packaging/setup test
	@rm -f target/not-tested.txt
	cargo nextest run --locked
	cargo test --locked --doc --quiet
	@if [ -s target/not-tested.txt ]; then echo "NOT TESTED, because this system cannot play it:"; sort -u target/not-tested.txt; fi

bench:
	@packaging/setup test
	cargo bench --locked

lint:
	@packaging/setup build
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items --quiet

# Every state of the window, in every look and at both sizes: target/screenshots/
screenshots:
	@packaging/setup test
	@rm -rf target/screenshots
	TALLY_SCREENSHOTS=target/screenshots cargo test --locked --quiet --lib every_state_is_painted
	@ls target/screenshots | wc -l

# The manual page, made from the same definitions as --help: target/man/tally.1
man:
	@packaging/setup build
	@mkdir -p target/man
	cargo run --locked --quiet -- man > target/man/tally.1
