# cython: language_level=3
"""The levels of one side of a book, found by key = side x price, so that the best is always the highest key.

Near the market a window holds one entry a tick under three layers of bits, and the best is three counts of leading
zeros away. Keys outside the window stand in sorted runs of at most `RUN`, so any price has a place and memory goes with
the number of levels, not with the prices between them. Where much is asked for outside the window it moves there: each
such question is one miss, and the window moves once the misses have paid for the work of moving.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memmove, memset


cdef extern from *:
    """
    #if defined(_MSC_VER)
    #include <intrin.h>
    static __inline int book_highest_bit(unsigned __int64 word) {
        unsigned long at;
        _BitScanReverse64(&at, word);
        return (int)at;
    }
    #define book_rare(condition) (condition)
    #else
    static inline int book_highest_bit(unsigned long long word) { return 63 - __builtin_clzll(word); }
    #define book_rare(condition) __builtin_expect(!!(condition), 0)
    #endif
    #include <stdlib.h>
    #include <string.h>
    #if defined(__linux__)
    #include <sys/mman.h>
    #endif
    /* Large arrays are met at random places: on small pages each of these also misses the table of pages. */
    static void *book_reserve(size_t bytes) {
        void *memory = NULL;
    #if defined(__linux__) && defined(MADV_HUGEPAGE)
        size_t page = (size_t)1 << 21;
        if (bytes >= page) {
            if (posix_memalign(&memory, page, bytes)) return NULL;
            madvise(memory, bytes, MADV_HUGEPAGE);
            return memory;
        }
    #endif
        memory = malloc(bytes);
        return memory;
    }
    static void *book_allocate(size_t bytes) {
        void *memory = book_reserve(bytes);
        if (memory) memset(memory, 0, bytes);
        return memory;
    }
    """
    void *reserve "book_reserve" (size_t bytes) noexcept nogil
    void *allocate "book_allocate" (size_t bytes) noexcept nogil
    int highest_bit "book_highest_bit" (uint64_t word) noexcept nogil
    bint rare "book_rare" (bint condition) noexcept nogil


cdef enum:
    RUN = 64
    NONE = -1
    NARROWEST = 256         # ticks of the smallest window
    WIDEST = 1 << 18        # 64 ** 3, what three layers of bits reach


cdef struct Level:
    int64_t price
    int64_t quantity        # lots shown
    int64_t hidden
    int32_t side
    int32_t count
    int32_t head
    int32_t tail            # of a free level: the next free one


cdef struct Run:
    int32_t count
    int64_t keys[RUN]
    int32_t levels[RUN]


cdef struct Side:
    int32_t best            # level with the highest key
    int32_t count           # levels
    int32_t near            # levels in the window
    int32_t run_count
    int32_t run_capacity
    int64_t misses
    int64_t base            # key of the window's first entry
    int64_t span            # entries of the window
    int32_t *window
    uint64_t *words
    uint64_t *blocks
    uint64_t top
    Run **runs


cdef struct Place:
    int32_t run
    int32_t position
    bint found


# ---- sorted runs ----------------------------------------------------------------------------------------------------

cdef inline Place find_key(const Side *side, int64_t key) noexcept nogil:
    """Where `key` stands in the runs, or where it would be inserted."""
    cdef Place place
    cdef int32_t low = 0, high = side.run_count, middle
    cdef Run *run
    if high and side.runs[high - 1].keys[0] <= key:
        low = high
    while low < high:
        middle = (low + high) >> 1
        if side.runs[middle].keys[0] <= key:
            low = middle + 1
        else:
            high = middle
    place.run = low - 1 if low else 0
    place.position = 0
    place.found = False
    if side.run_count == 0:
        return place
    run = side.runs[place.run]
    low = 0
    high = run.count
    while low < high:
        middle = (low + high) >> 1
        if run.keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    place.position = low
    place.found = low < run.count and run.keys[low] == key
    return place


cdef inline bint open_run(Side *side, int32_t at) noexcept nogil:
    """Put an empty run at `at`; False if memory ran out."""
    cdef Run **grown
    cdef Run *run
    cdef int32_t capacity
    if side.run_count == side.run_capacity:
        capacity = 2 * side.run_capacity if side.run_capacity else 4
        grown = <Run **>realloc(side.runs, capacity * sizeof(Run *))
        if grown == NULL:
            return False
        side.runs = grown
        side.run_capacity = capacity
    run = <Run *>malloc(sizeof(Run))
    if run == NULL:
        return False
    run.count = 0
    memmove(&side.runs[at + 1], &side.runs[at], (side.run_count - at) * sizeof(Run *))
    side.runs[at] = run
    side.run_count += 1
    return True


cdef inline void close_run(Side *side, int32_t at) noexcept nogil:
    cdef Run **shrunk
    free(side.runs[at])
    side.run_count -= 1
    memmove(&side.runs[at], &side.runs[at + 1], (side.run_count - at) * sizeof(Run *))
    if side.run_capacity > RUN and side.run_count * 8 < side.run_capacity:
        shrunk = <Run **>realloc(side.runs, (side.run_capacity >> 1) * sizeof(Run *))
        if shrunk != NULL:
            side.runs = shrunk
            side.run_capacity >>= 1


cdef inline void append_run(Run *target, const Run *source, int32_t start) noexcept nogil:
    """Copy the entries of `source` from `start` on to the end of `target`."""
    cdef int32_t count = source.count - start
    memcpy(&target.keys[target.count], &source.keys[start], count * sizeof(int64_t))
    memcpy(&target.levels[target.count], &source.levels[start], count * sizeof(int32_t))
    target.count += count


cdef inline bint insert_key(Side *side, int64_t key, int32_t level) noexcept nogil:
    cdef Place place = find_key(side, key)
    cdef Run *run
    if side.run_count == 0 and not open_run(side, 0):
        return False
    run = side.runs[place.run]
    if run.count == RUN:
        if not open_run(side, place.run + 1):
            return False
        append_run(side.runs[place.run + 1], run, RUN >> 1)
        run.count = RUN >> 1
        if place.position > RUN >> 1:
            place.position -= RUN >> 1
            run = side.runs[place.run + 1]
    memmove(&run.keys[place.position + 1], &run.keys[place.position],
            (run.count - place.position) * sizeof(int64_t))
    memmove(&run.levels[place.position + 1], &run.levels[place.position],
            (run.count - place.position) * sizeof(int32_t))
    run.keys[place.position] = key
    run.levels[place.position] = level
    run.count += 1
    return True


cdef inline void remove_key(Side *side, int64_t key) noexcept nogil:
    cdef Place place = find_key(side, key)
    cdef Run *run = side.runs[place.run]
    cdef Run *left
    run.count -= 1
    memmove(&run.keys[place.position], &run.keys[place.position + 1],
            (run.count - place.position) * sizeof(int64_t))
    memmove(&run.levels[place.position], &run.levels[place.position + 1],
            (run.count - place.position) * sizeof(int32_t))
    if run.count == 0:
        close_run(side, place.run)
    elif place.run and run.count < RUN >> 2:
        left = side.runs[place.run - 1]
        if left.count + run.count <= RUN >> 1:
            append_run(left, run, 0)
            close_run(side, place.run)


# ---- the window -----------------------------------------------------------------------------------------------------

cdef inline uint64_t offset(const Side *side, int64_t key) noexcept nogil:
    """Entry of the window; a key outside gives `span` or more. Unsigned, because keys lie up to 2^63 apart."""
    return <uint64_t>key - <uint64_t>side.base


cdef inline void mark(Side *side, uint64_t at, int32_t level) noexcept nogil:
    side.window[at] = level
    side.words[at >> 6] |= <uint64_t>1 << (at & 63)
    side.blocks[at >> 12] |= <uint64_t>1 << ((at >> 6) & 63)
    side.top |= <uint64_t>1 << (at >> 12)
    side.near += 1


cdef inline void unmark(Side *side, uint64_t at) noexcept nogil:
    side.window[at] = NONE
    side.near -= 1
    side.words[at >> 6] &= ~(<uint64_t>1 << (at & 63))
    if side.words[at >> 6] == 0:
        side.blocks[at >> 12] &= ~(<uint64_t>1 << ((at >> 6) & 63))
        if side.blocks[at >> 12] == 0:
            side.top &= ~(<uint64_t>1 << (at >> 12))


cdef inline uint64_t bits_below(uint64_t at) noexcept nogil:
    """The bits of a word that stand below bit `at & 63`."""
    return (<uint64_t>1 << (at & 63)) - 1


cdef inline int32_t near_below(const Side *side, uint64_t at) noexcept nogil:
    """The highest level of the window below entry `at`."""
    cdef uint64_t bits, word
    if at >= <uint64_t>side.span:
        bits = side.top
    else:
        bits = side.words[at >> 6] & bits_below(at)
        if bits:
            return side.window[((at >> 6) << 6) + highest_bit(bits)]
        word = at >> 6
        bits = side.blocks[at >> 12] & bits_below(word)
        if bits:
            word = ((word >> 6) << 6) + highest_bit(bits)
            return side.window[(word << 6) + highest_bit(side.words[word])]
        bits = side.top & bits_below(at >> 12)
    if bits == 0:
        return NONE
    word = highest_bit(bits)
    word = (word << 6) + highest_bit(side.blocks[word])
    return side.window[(word << 6) + highest_bit(side.words[word])]


cdef inline int32_t far_below(const Side *side, int64_t key) noexcept nogil:
    """The highest level of the runs below `key`."""
    cdef Place place = find_key(side, key)
    if side.run_count == 0:
        return NONE
    if place.position == 0:
        if place.run == 0:
            return NONE
        place.run -= 1
        place.position = side.runs[place.run].count
    return side.runs[place.run].levels[place.position - 1]


cdef inline int32_t higher(const Level *levels, int32_t one, int32_t other) noexcept nogil:
    if one == NONE:
        return other
    if other == NONE:
        return one
    return one if levels[one].side * levels[one].price > levels[other].side * levels[other].price else other


cdef inline int32_t level_below(const Side *side, const Level *levels, int64_t key) noexcept nogil:
    """The level with the highest key below `key`: the next one in the order they would fill."""
    cdef int32_t near = NONE
    cdef uint64_t at = offset(side, key)
    if side.near and key > side.base:
        near = near_below(side, at)
    if side.run_count == 0:
        return near
    return higher(levels, near, far_below(side, key))


cdef inline int32_t next_level(const Side *side, const Level *levels, int32_t slot) noexcept nogil:
    return level_below(side, levels, levels[slot].side * levels[slot].price)


cdef inline int32_t far_level(Side *side, int64_t key) noexcept nogil:
    cdef Place place
    side.misses += 1
    place = find_key(side, key)
    return side.runs[place.run].levels[place.position] if place.found else NONE


cdef inline int32_t level_of(Side *side, int64_t key) noexcept nogil:
    """The level at `key`, or NONE."""
    cdef uint64_t at = offset(side, key)
    if at < <uint64_t>side.span:
        return side.window[at]
    return far_level(side, key)


cdef inline bint enter(Side *side, const Level *levels, int64_t key, int32_t slot) noexcept nogil:
    """Put a level in at a key that has none; False if memory ran out."""
    cdef uint64_t at = offset(side, key)
    if at >= <uint64_t>side.span and side.count == 0:
        side.base = key - (side.span >> 1)
        at = offset(side, key)
    if at < <uint64_t>side.span:
        mark(side, at, slot)
    elif not insert_key(side, key, slot):
        return False
    side.count += 1
    if side.best == NONE or key > levels[side.best].side * levels[side.best].price:
        side.best = slot
    return True


cdef inline void leave(Side *side, const Level *levels, int64_t key, int32_t slot) noexcept nogil:
    """Take the level at `key` out."""
    cdef uint64_t at = offset(side, key)
    if at < <uint64_t>side.span:
        unmark(side, at)
    else:
        side.misses += 1
        remove_key(side, key)
    side.count -= 1
    if slot == side.best:
        side.best = level_below(side, levels, key)


cdef inline bint open_window(Side *side, int64_t span) noexcept nogil:
    """Give the side an empty window of `span` ticks, a power of two; False changes nothing."""
    cdef int32_t *window = <int32_t *>malloc(span * sizeof(int32_t))
    cdef uint64_t *words = <uint64_t *>calloc(span >> 6, sizeof(uint64_t))
    cdef uint64_t *blocks = <uint64_t *>calloc((span >> 12) + 1, sizeof(uint64_t))
    if window == NULL or words == NULL or blocks == NULL:
        free(window)
        free(words)
        free(blocks)
        return False
    memset(window, 0xFF, span * sizeof(int32_t))
    free(side.window)
    free(side.words)
    free(side.blocks)
    side.window = window
    side.words = words
    side.blocks = blocks
    side.top = 0
    side.span = span
    side.near = 0
    return True


cdef inline void fit_window(Side *side, const Level *levels) noexcept nogil:
    """Move the window to where the levels stand, as wide as their number deserves; no memory to do so is no error."""
    cdef int64_t best, worst, span = NARROWEST, key
    cdef int32_t at, count = side.count, far, run_count, position
    cdef int32_t *slots
    cdef Run **runs
    cdef Run *run
    side.misses = 0
    if count == 0:
        if side.span > NARROWEST:
            open_window(side, NARROWEST)
        return
    slots = <int32_t *>malloc(count * sizeof(int32_t))
    if slots == NULL:
        return
    slots[0] = side.best
    for at in range(1, count):
        slots[at] = next_level(side, levels, slots[at - 1])
    best = levels[slots[0]].side * levels[slots[0]].price
    worst = levels[slots[count - 1]].side * levels[slots[count - 1]].price
    while span < WIDEST and span < 8 * <int64_t>count and <uint64_t>best - <uint64_t>worst >= <uint64_t>span >> 1:
        span <<= 1
    far = count
    # All memory first: a run for every half-full run's worth of levels that may stay outside.
    run_count = count // RUN + 1
    runs = <Run **>malloc(run_count * sizeof(Run *))
    if runs == NULL:
        free(slots)
        return
    for at in range(run_count):
        runs[at] = <Run *>malloc(sizeof(Run))
        if runs[at] == NULL:
            while at:
                at -= 1
                free(runs[at])
            free(runs)
            free(slots)
            return
        runs[at].count = 0
    if not open_window(side, span):
        for at in range(run_count):
            free(runs[at])
        free(runs)
        free(slots)
        return
    for at in range(side.run_count):
        free(side.runs[at])
    free(side.runs)
    if <uint64_t>best - <uint64_t>worst < <uint64_t>span:
        side.base = worst - ((span - 1 - (best - worst)) >> 1)
    else:
        side.base = best - 3 * (span >> 2)
    position = 0
    run = runs[0]
    for at in range(count - 1, -1, -1):
        key = levels[slots[at]].side * levels[slots[at]].price
        if offset(side, key) < <uint64_t>side.span:
            mark(side, offset(side, key), slots[at])
            continue
        if run.count == RUN:
            position += 1
            run = runs[position]
        run.keys[run.count] = key
        run.levels[run.count] = slots[at]
        run.count += 1
    far = position + 1 if run.count else position
    for at in range(far, run_count):
        free(runs[at])
    side.runs = runs
    side.run_count = far
    side.run_capacity = run_count
    free(slots)


cdef inline void follow(Side *side, const Level *levels) noexcept nogil:
    """Move the window once the misses have paid for it."""
    if side.misses > 32 + 2 * <int64_t>side.count + (side.span >> 6):
        fit_window(side, levels)


cdef inline void replace_level(Side *side, int64_t key, int32_t slot) noexcept nogil:
    """Say that the level at `key` now stands in another slot."""
    cdef uint64_t at = offset(side, key)
    cdef Place place
    if at < <uint64_t>side.span:
        side.window[at] = slot
    else:
        place = find_key(side, key)
        side.runs[place.run].levels[place.position] = slot


cdef inline void close_side(Side *side) noexcept nogil:
    cdef int32_t at
    for at in range(side.run_count):
        free(side.runs[at])
    free(side.runs)
    free(side.window)
    free(side.words)
    free(side.blocks)


cdef inline int64_t side_bytes(const Side *side) noexcept nogil:
    return (side.span * <int64_t>sizeof(int32_t) + (side.span >> 6) * 8 + ((side.span >> 12) + 1) * 8
            + side.run_count * <int64_t>sizeof(Run) + side.run_capacity * <int64_t>sizeof(Run *))
