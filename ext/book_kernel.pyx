# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The order book kernel, compiled; `book_kernel_twin.py` says the same in plain Python.

Orders lie in one array and refer to each other by slot; a level is a doubly linked list of slots. The levels of a side
stand in sorted runs of at most `RUN` keys, key = side x price, so the best is the last entry of the last run and any
tick costs O(log levels): there is no price window. Ids find their slot by open addressing. Arrays double when full and
halve when less than an eighth is used, and each time the orders are laid out anew in priority order.
"""

from cpython.long cimport PyLong_AsLongLongAndOverflow
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memmove

from shoal.ext.book_refusals import OutOfRange, UnknownOrderId, WouldCross

__all__ = ["BUY", "SELL", "Book"]

BUY = 1
SELL = -1

cdef enum:
    RUN = 64
    SMALLEST = 64
    NONE = -1

cdef int64_t MAXIMUM = <int64_t>1 << 62


cdef struct Order:
    int64_t order_id        # 0 while the slot is free
    int64_t remaining
    int32_t level
    int32_t previous
    int32_t next            # next slot of the level, or of the free list


cdef struct Level:
    int64_t price
    int64_t quantity
    int32_t side
    int32_t count
    int32_t head
    int32_t tail            # of a free level: the next free one


cdef struct Run:
    int32_t count
    int64_t keys[RUN]
    int32_t levels[RUN]


cdef struct Side:
    Run **runs
    int32_t count
    int32_t capacity
    int64_t quantity


cdef struct Fill:
    int64_t maker_id
    int64_t price
    int64_t quantity
    int64_t maker_remaining


cdef struct Place:
    int32_t run
    int32_t position
    bint found


cdef inline Place find_key(const Side *side, int64_t key) noexcept nogil:
    """Where `key` stands, or where it would be inserted."""
    cdef Place place
    cdef int32_t low = 0, high = side.count, middle
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
    if side.count == 0:
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


cdef inline int32_t best_level(const Side *side) noexcept nogil:
    cdef Run *run
    if side.count == 0:
        return NONE
    run = side.runs[side.count - 1]
    return run.levels[run.count - 1]


cdef bint open_run(Side *side, int32_t at) noexcept nogil:
    """Put an empty run at `at`; False if memory ran out."""
    cdef Run **grown
    cdef Run *run
    cdef int32_t capacity
    if side.count == side.capacity:
        capacity = 2 * side.capacity if side.capacity else 4
        grown = <Run **>realloc(side.runs, capacity * sizeof(Run *))
        if grown == NULL:
            return False
        side.runs = grown
        side.capacity = capacity
    run = <Run *>malloc(sizeof(Run))
    if run == NULL:
        return False
    run.count = 0
    memmove(&side.runs[at + 1], &side.runs[at], (side.count - at) * sizeof(Run *))
    side.runs[at] = run
    side.count += 1
    return True


cdef void close_run(Side *side, int32_t at) noexcept nogil:
    cdef Run **shrunk
    free(side.runs[at])
    side.count -= 1
    memmove(&side.runs[at], &side.runs[at + 1], (side.count - at) * sizeof(Run *))
    if side.capacity > SMALLEST and side.count * 8 < side.capacity:
        shrunk = <Run **>realloc(side.runs, (side.capacity // 2) * sizeof(Run *))
        if shrunk != NULL:
            side.runs = shrunk
            side.capacity //= 2


cdef void append_run(Run *target, const Run *source, int32_t start) noexcept nogil:
    """Copy the entries of `source` from `start` on to the end of `target`."""
    cdef int32_t count = source.count - start
    memcpy(&target.keys[target.count], &source.keys[start], count * sizeof(int64_t))
    memcpy(&target.levels[target.count], &source.levels[start], count * sizeof(int32_t))
    target.count += count


cdef bint insert_key(Side *side, Place place, int64_t key, int32_t level) noexcept nogil:
    cdef Run *run
    if side.count == 0 and not open_run(side, 0):
        return False
    run = side.runs[place.run]
    if run.count == RUN:
        if not open_run(side, place.run + 1):
            return False
        append_run(side.runs[place.run + 1], run, RUN // 2)
        run.count = RUN // 2
        if place.position > RUN // 2:
            place.position -= RUN // 2
            run = side.runs[place.run + 1]
    memmove(&run.keys[place.position + 1], &run.keys[place.position],
            (run.count - place.position) * sizeof(int64_t))
    memmove(&run.levels[place.position + 1], &run.levels[place.position],
            (run.count - place.position) * sizeof(int32_t))
    run.keys[place.position] = key
    run.levels[place.position] = level
    run.count += 1
    return True


cdef void remove_key(Side *side, Place place) noexcept nogil:
    cdef Run *run = side.runs[place.run]
    cdef Run *left
    run.count -= 1
    memmove(&run.keys[place.position], &run.keys[place.position + 1],
            (run.count - place.position) * sizeof(int64_t))
    memmove(&run.levels[place.position], &run.levels[place.position + 1],
            (run.count - place.position) * sizeof(int32_t))
    if run.count == 0:
        close_run(side, place.run)
    elif place.run and run.count < RUN // 4:
        left = side.runs[place.run - 1]
        if left.count + run.count <= RUN // 2:
            append_run(left, run, 0)
            close_run(side, place.run)


cdef class Book:
    """Price-time priority on integer ticks and lots; see the twin for every verb."""

    cdef Side bids, asks
    cdef Order *order_slots
    cdef Level *level_slots
    cdef int32_t *slot_of
    cdef Fill *fills
    cdef int32_t order_capacity, order_used, order_free, order_count
    cdef int32_t level_capacity, level_used, level_free, level_count
    cdef int32_t fill_capacity, fill_count
    cdef int hash_shift
    cdef int64_t last_id

    def __cinit__(self):
        self.order_free = self.level_free = NONE
        if not self.lay_out(SMALLEST, SMALLEST):
            raise MemoryError("no memory for an order book")

    def __dealloc__(self):
        cdef int32_t at
        for at in range(self.bids.count):
            free(self.bids.runs[at])
        for at in range(self.asks.count):
            free(self.asks.runs[at])
        free(self.bids.runs)
        free(self.asks.runs)
        free(self.order_slots)
        free(self.level_slots)
        free(self.slot_of)
        free(self.fills)

    # ---- memory -----------------------------------------------------------------------------------------------------

    cdef bint lay_out(self, int64_t orders, int64_t levels) noexcept nogil:
        """Move everything into arrays of these sizes (powers of two), in priority order; False changes nothing."""
        cdef Order *new_orders = NULL
        cdef Level *new_levels = NULL
        cdef int32_t *new_slots = NULL
        cdef Order *old_orders = self.order_slots
        cdef Level *old_levels = self.level_slots
        cdef Side *side
        cdef Run *run
        cdef Level *level
        cdef int32_t at, position, slot, order_at = 0, level_at = 0, which
        cdef int bits = 1
        if orders > <int64_t>1 << 29 or levels > <int64_t>1 << 29:
            return False
        while (<int64_t>1 << bits) < 2 * orders:
            bits += 1
        new_orders = <Order *>calloc(orders, sizeof(Order))
        new_levels = <Level *>calloc(levels, sizeof(Level))
        new_slots = <int32_t *>malloc((<size_t>1 << bits) * sizeof(int32_t))
        if new_orders == NULL or new_levels == NULL or new_slots == NULL:
            free(new_orders)
            free(new_levels)
            free(new_slots)
            return False
        free(self.slot_of)
        self.slot_of = new_slots
        self.hash_shift = 64 - bits
        for at in range(<int32_t>1 << bits):
            new_slots[at] = NONE
        self.order_slots = new_orders
        self.level_slots = new_levels
        for which in range(2):
            side = &self.asks if which else &self.bids
            for at in range(side.count - 1, -1, -1):
                run = side.runs[at]
                for position in range(run.count - 1, -1, -1):
                    new_levels[level_at] = old_levels[run.levels[position]]
                    run.levels[position] = level_at
                    level = &new_levels[level_at]
                    slot = level.head
                    level.head = order_at
                    level.tail = order_at + level.count - 1
                    while slot != NONE:
                        new_orders[order_at].order_id = old_orders[slot].order_id
                        new_orders[order_at].remaining = old_orders[slot].remaining
                        new_orders[order_at].level = level_at
                        new_orders[order_at].previous = order_at - 1 if order_at > level.head else NONE
                        new_orders[order_at].next = order_at + 1 if order_at < level.tail else NONE
                        self.remember(order_at)
                        slot = old_orders[slot].next
                        order_at += 1
                    level_at += 1
        free(old_orders)
        free(old_levels)
        self.order_capacity = <int32_t>orders
        self.level_capacity = <int32_t>levels
        self.order_used = self.order_count = order_at
        self.level_used = self.level_count = level_at
        self.order_free = self.level_free = NONE
        return True

    cdef inline bint make_room(self) noexcept nogil:
        """Make sure that one more order and one more level fit."""
        cdef int64_t orders = self.order_capacity, levels = self.level_capacity
        if self.order_count < orders and self.level_count < levels:
            return True
        return self.lay_out(orders * 2 if self.order_count == orders else orders,
                            levels * 2 if self.level_count == levels else levels)

    cdef inline void give_back(self) noexcept nogil:
        """Halve arrays of which less than an eighth is used; too little memory to do so is no error."""
        cdef int32_t orders = self.order_capacity, levels = self.level_capacity
        if orders > SMALLEST and self.order_count < orders >> 3:
            orders >>= 1
        if levels > SMALLEST and self.level_count < levels >> 3:
            levels >>= 1
        if orders != self.order_capacity or levels != self.level_capacity:
            self.lay_out(orders, levels)

    # ---- ids --------------------------------------------------------------------------------------------------------

    cdef inline uint64_t home(self, int64_t order_id) noexcept nogil:
        return (<uint64_t>order_id * <uint64_t>0x9E3779B97F4A7C15) >> self.hash_shift

    cdef inline uint64_t mask(self) noexcept nogil:
        return (<uint64_t>1 << (64 - self.hash_shift)) - 1

    cdef inline void remember(self, int32_t slot) noexcept nogil:
        cdef uint64_t at = self.home(self.order_slots[slot].order_id), mask = self.mask()
        while self.slot_of[at] != NONE:
            at = (at + 1) & mask
        self.slot_of[at] = slot

    cdef inline int32_t find(self, int64_t order_id) noexcept nogil:
        cdef uint64_t at = self.home(order_id), mask = self.mask()
        while self.slot_of[at] != NONE and self.order_slots[self.slot_of[at]].order_id != order_id:
            at = (at + 1) & mask
        return self.slot_of[at]

    cdef inline void forget(self, int64_t order_id) noexcept nogil:
        """Take an id out and move later entries of its chain back, so that no chain has a hole."""
        cdef uint64_t mask = self.mask(), hole = self.home(order_id), at
        while self.order_slots[self.slot_of[hole]].order_id != order_id:
            hole = (hole + 1) & mask
        at = hole
        while True:
            at = (at + 1) & mask
            if self.slot_of[at] == NONE:
                break
            if ((at - self.home(self.order_slots[self.slot_of[at]].order_id)) & mask) >= ((at - hole) & mask):
                self.slot_of[hole] = self.slot_of[at]
                hole = at
        self.slot_of[hole] = NONE

    # ---- orders and levels ------------------------------------------------------------------------------------------

    cdef inline Side *side_of(self, int64_t side) noexcept nogil:
        return &self.bids if side > 0 else &self.asks

    cdef int32_t level_at(self, int64_t side, int64_t price) noexcept nogil:
        """The level at a price, opened if there is none; NONE if memory ran out."""
        cdef Side *own = self.side_of(side)
        cdef Place place = find_key(own, side * price)
        cdef int32_t slot
        cdef Level *level
        if place.found:
            return own.runs[place.run].levels[place.position]
        slot = self.level_free if self.level_free != NONE else self.level_used
        if not insert_key(own, place, side * price, slot):
            return NONE
        level = &self.level_slots[slot]
        if slot == self.level_free:
            self.level_free = level.tail
        else:
            self.level_used += 1
        self.level_count += 1
        level.price = price
        level.quantity = 0
        level.side = <int32_t>side
        level.count = 0
        level.head = level.tail = NONE
        return slot

    cdef void append(self, int32_t level_slot, int64_t order_id, int64_t remaining) noexcept nogil:
        cdef Level *level = &self.level_slots[level_slot]
        cdef int32_t slot = self.order_free
        cdef Order *order
        if slot == NONE:
            slot = self.order_used
            self.order_used += 1
        else:
            self.order_free = self.order_slots[slot].next
        order = &self.order_slots[slot]
        order.order_id = order_id
        order.remaining = remaining
        order.level = level_slot
        order.previous = level.tail
        order.next = NONE
        if level.tail == NONE:
            level.head = slot
        else:
            self.order_slots[level.tail].next = slot
        level.tail = slot
        level.count += 1
        level.quantity += remaining
        self.side_of(level.side).quantity += remaining
        self.order_count += 1
        self.remember(slot)

    cdef void remove(self, int32_t slot) noexcept nogil:
        """Take an order out of its level, whose lots the caller has settled, and drop an empty level."""
        cdef Order *order = &self.order_slots[slot]
        cdef Level *level = &self.level_slots[order.level]
        cdef Side *own = self.side_of(level.side)
        self.forget(order.order_id)
        if order.previous == NONE:
            level.head = order.next
        else:
            self.order_slots[order.previous].next = order.next
        if order.next == NONE:
            level.tail = order.previous
        else:
            self.order_slots[order.next].previous = order.previous
        level.count -= 1
        if level.count == 0:
            remove_key(own, find_key(own, level.side * level.price))
            level.tail = self.level_free
            self.level_free = order.level
            self.level_count -= 1
        order.order_id = 0
        order.next = self.order_free
        self.order_free = slot
        self.order_count -= 1

    cdef bint note_fill(self, int64_t maker_id, int64_t price, int64_t quantity, int64_t left) noexcept nogil:
        cdef Fill *grown
        cdef int32_t capacity
        if self.fill_count == self.fill_capacity:
            capacity = 2 * self.fill_capacity if self.fill_capacity else 16
            grown = <Fill *>realloc(self.fills, capacity * sizeof(Fill))
            if grown == NULL:
                return False
            self.fills = grown
            self.fill_capacity = capacity
        self.fills[self.fill_count].maker_id = maker_id
        self.fills[self.fill_count].price = price
        self.fills[self.fill_count].quantity = quantity
        self.fills[self.fill_count].maker_remaining = left
        self.fill_count += 1
        return True

    cdef int64_t match(self, int64_t side, int64_t limit, int64_t quantity) noexcept nogil:
        """Trade against the other side up to `limit` and return what is left; -1 if memory ran out."""
        cdef Side *other = self.side_of(-side)
        cdef Level *level
        cdef Order *maker
        cdef int32_t slot
        cdef int64_t lots
        self.fill_count = 0
        while quantity and other.count:
            level = &self.level_slots[best_level(other)]
            if side * (level.price - limit) > 0:
                break
            slot = level.head
            maker = &self.order_slots[slot]
            lots = quantity if quantity < maker.remaining else maker.remaining
            if not self.note_fill(maker.order_id, level.price, lots, maker.remaining - lots):
                return -1
            quantity -= lots
            maker.remaining -= lots
            level.quantity -= lots
            other.quantity -= lots
            if maker.remaining == 0:
                self.remove(slot)
        return quantity

    cdef list fill_list(self):
        """The last match's fills for Python; room for many is given back."""
        cdef int32_t at
        cdef Fill *fill
        cdef list fills = []
        for at in range(self.fill_count):
            fill = &self.fills[at]
            fills.append((fill.maker_id, fill.price, fill.quantity, fill.maker_remaining))
        if self.fill_capacity > 16 * SMALLEST:
            free(self.fills)
            self.fills = NULL
            self.fill_capacity = 0
        return fills

    cdef int32_t slot_or_refuse(self, object order_id) except -1:
        cdef int overflow = 0
        cdef int64_t wanted = PyLong_AsLongLongAndOverflow(order_id, &overflow)
        cdef int32_t slot = NONE
        if not overflow and wanted > 0:
            slot = self.find(wanted)
        if slot == NONE:
            raise UnknownOrderId(f"no order {order_id} rests in the book")
        return slot

    # ---- verbs ------------------------------------------------------------------------------------------------------

    def limit(self, side, price, quantity, *, bint immediate=False, bint post_only=False):
        """Match up to `price`, then rest what is left, unless `immediate`."""
        cdef int64_t sign = one_side(side), ticks = within(price, "price", "ticks")
        cdef int64_t lots = within(quantity, "quantity", "lots"), left
        cdef int32_t best = best_level(self.side_of(-sign)), level
        if immediate and post_only:
            raise ValueError("an order is either immediate or post-only")
        if post_only and best != NONE and sign * (self.level_slots[best].price - ticks) <= 0:
            raise WouldCross(f"post-only order at {ticks} ticks would meet {self.level_slots[best].price}")
        if not immediate and self.side_of(sign).quantity > MAXIMUM - lots:
            raise OutOfRange(
                f"side would hold {<object>self.side_of(sign).quantity + <object>lots} lots, more than {MAXIMUM}"
            )
        if not self.make_room():
            raise MemoryError("no memory for one more order")
        left = self.match(sign, ticks, lots)
        if left < 0:
            raise MemoryError("no memory for one more fill")
        if left == 0 or immediate:
            if self.fill_count:
                self.give_back()
            return 0, 0, self.fill_list()
        level = self.level_at(sign, ticks)
        if level == NONE:
            raise MemoryError("no memory for one more level")
        self.last_id += 1
        self.append(level, self.last_id, left)
        return self.last_id, left, self.fill_list()

    def market(self, side, quantity, collar_price):
        """Match up to `collar_price` and drop the rest; an empty book gives no fills."""
        cdef int64_t sign = one_side(side), lots = within(quantity, "quantity", "lots")
        cdef int64_t collar = within(collar_price, "price", "ticks")
        if self.match(sign, collar, lots) < 0:
            raise MemoryError("no memory for one more fill")
        self.give_back()
        return 0, 0, self.fill_list()

    def cancel(self, order_id):
        """Remove a resting order and return the lots it still had."""
        cdef int32_t slot = self.slot_or_refuse(order_id)
        cdef Order *order = &self.order_slots[slot]
        cdef Level *level = &self.level_slots[order.level]
        cdef int64_t remaining = order.remaining
        level.quantity -= remaining
        self.side_of(level.side).quantity -= remaining
        self.remove(slot)
        self.give_back()
        return remaining

    # ---- questions --------------------------------------------------------------------------------------------------

    def best_bid(self):
        """Highest price bid, in ticks; None without bids."""
        cdef int32_t level = best_level(&self.bids)
        return None if level == NONE else self.level_slots[level].price

    def best_ask(self):
        """Lowest price asked, in ticks; None without asks."""
        cdef int32_t level = best_level(&self.asks)
        return None if level == NONE else self.level_slots[level].price

    cdef list level_order(self, Side *side):
        """Slots of the levels of a side, best first."""
        cdef int32_t at, position
        cdef list slots = []
        for at in range(side.count - 1, -1, -1):
            for position in range(side.runs[at].count - 1, -1, -1):
                slots.append(side.runs[at].levels[position])
        return slots

    def depth(self, side, levels):
        """Up to `levels` best levels of `side` as (price, lots, orders), best first."""
        cdef Side *own = self.side_of(one_side(side))
        cdef int32_t at = own.count - 1, position
        cdef Level *level
        cdef int overflow = 0
        cdef int64_t left = PyLong_AsLongLongAndOverflow(levels, &overflow)
        cdef list result = []
        if overflow > 0:
            left = MAXIMUM
        while at >= 0 and left > 0:
            for position in range(own.runs[at].count - 1, -1, -1):
                if left <= 0:
                    break
                level = &self.level_slots[own.runs[at].levels[position]]
                result.append((level.price, level.quantity, level.count))
                left -= 1
            at -= 1
        return result

    def volume(self, side):
        """All lots resting on `side`."""
        return self.side_of(one_side(side)).quantity

    def volume_within(self, side, price_limit):
        """Lots resting on `side` at `price_limit` or better for whoever takes them."""
        cdef int64_t sign = one_side(side), limit = within(price_limit, "price", "ticks"), total = 0
        cdef Side *own = self.side_of(sign)
        cdef int32_t at, position
        for at in range(own.count - 1, -1, -1):
            for position in range(own.runs[at].count - 1, -1, -1):
                if own.runs[at].keys[position] < sign * limit:
                    return total
                total += self.level_slots[own.runs[at].levels[position]].quantity
        return total

    def cost_within(self, side, price_limit):
        """(lots, sum of price x lots) resting on `side` at `price_limit` or better for whoever takes them."""
        cdef int64_t sign = one_side(side), limit = within(price_limit, "price", "ticks"), lots = 0, small = 0
        cdef object large = 0
        cdef Side *own = self.side_of(sign)
        cdef int32_t at, position
        cdef Level *level
        for at in range(own.count - 1, -1, -1):
            for position in range(own.runs[at].count - 1, -1, -1):
                if own.runs[at].keys[position] < sign * limit:
                    return lots, large + small
                level = &self.level_slots[own.runs[at].levels[position]]
                lots += level.quantity
                # A product may need 124 bits: only what surely fits into 62 is added in C.
                if (level.quantity | level.price) >> 31:
                    large += <object>level.quantity * <object>level.price
                else:
                    small += level.quantity * level.price
                    if small >> 62:
                        large += small
                        small = 0
        return lots, large + small

    def fill_cost(self, side, quantity, *, collar_price=None):
        """What a taker of `side` would get, as (price, lots) by level, best first; changes nothing."""
        cdef int64_t sign = one_side(side), left = within(quantity, "quantity", "lots"), lots
        cdef int64_t collar = 0
        cdef Side *other = self.side_of(-sign)
        cdef int32_t at, position
        cdef Level *level
        cdef list taken = []
        if collar_price is not None:
            collar = within(collar_price, "price", "ticks")
        for at in range(other.count - 1, -1, -1):
            for position in range(other.runs[at].count - 1, -1, -1):
                level = &self.level_slots[other.runs[at].levels[position]]
                if left == 0 or (collar and sign * (level.price - collar) > 0):
                    return taken
                lots = left if left < level.quantity else level.quantity
                taken.append((level.price, lots))
                left -= lots
        return taken

    def order(self, order_id):
        """(side, price, remaining lots) of a resting order."""
        cdef Order *order = &self.order_slots[self.slot_or_refuse(order_id)]
        cdef Level *level = &self.level_slots[order.level]
        return level.side, level.price, order.remaining

    def queue_ahead(self, order_id):
        """Lots at the same price that will be filled before this order."""
        cdef int32_t slot = self.order_slots[self.slot_or_refuse(order_id)].previous
        cdef int64_t ahead = 0
        while slot != NONE:
            ahead += self.order_slots[slot].remaining
            slot = self.order_slots[slot].previous
        return ahead

    def orders(self):
        """Every resting order as (id, side, price, remaining): bids, then asks, each in the order they would fill."""
        cdef list result = []
        cdef int32_t slot
        cdef Level *level
        cdef Order *order
        for level_slot in self.level_order(&self.bids) + self.level_order(&self.asks):
            level = &self.level_slots[<int32_t>level_slot]
            slot = level.head
            while slot != NONE:
                order = &self.order_slots[slot]
                result.append((order.order_id, level.side, level.price, order.remaining))
                slot = order.next
        return result

    def __iter__(self):
        return iter(self.orders())

    def __len__(self):
        return self.order_count

    def __contains__(self, order_id):
        return isinstance(order_id, int) and 0 < order_id <= self.last_id and self.find(order_id) != NONE

    @property
    def next_id(self):
        """The id that the next order to rest will get."""
        return self.last_id + 1

    def state_bytes(self):
        """The state that decides all later answers, as native 64-bit ints: next id, then `orders()`."""
        cdef bytearray packed = bytearray(8 * (1 + 4 * <Py_ssize_t>self.order_count))
        cdef int64_t *words = <int64_t *><char *>packed
        cdef Py_ssize_t at = 1
        cdef int32_t slot
        cdef Level *level
        words[0] = self.last_id + 1
        for level_slot in self.level_order(&self.bids) + self.level_order(&self.asks):
            level = &self.level_slots[<int32_t>level_slot]
            slot = level.head
            while slot != NONE:
                words[at] = self.order_slots[slot].order_id
                words[at + 1] = level.side
                words[at + 2] = level.price
                words[at + 3] = self.order_slots[slot].remaining
                at += 4
                slot = self.order_slots[slot].next
        return bytes(packed)

    def check(self):
        """Raise RuntimeError if an invariant is broken: sums, order of levels, no crossing, links, memory."""
        bid, ask = self.best_bid(), self.best_ask()
        if bid is not None and ask is not None and bid >= ask:
            raise RuntimeError(f"book is crossed: bid {bid}, ask {ask}")
        seen = self.check_side(&self.bids, 1) + self.check_side(&self.asks, -1)
        if seen != self.order_count:
            raise RuntimeError(f"{seen} orders rest, {self.order_count} are known by id")
        self.check_memory()

    cdef int64_t check_side(self, Side *side, int64_t sign) except -1:
        cdef int32_t at, position
        cdef int64_t key, last = -MAXIMUM - 1, quantity = 0, seen = 0, levels = 0
        cdef Run *run
        cdef Level *level
        for at in range(side.count):
            run = side.runs[at]
            if not 0 < run.count <= RUN:
                raise RuntimeError(f"a run holds {run.count} levels")
            for position in range(run.count):
                key = run.keys[position]
                level = &self.level_slots[run.levels[position]]
                if key <= last or level.side != sign or level.price * sign != key:
                    raise RuntimeError("levels are out of order")
                last = key
                quantity += level.quantity
                seen += self.check_level(run.levels[position])
        if quantity != side.quantity:
            raise RuntimeError("a side's lots are not the sum of its levels")
        return seen

    cdef int64_t check_level(self, int32_t level_slot) except -1:
        cdef Level *level = &self.level_slots[level_slot]
        cdef int32_t slot = level.head, previous = NONE
        cdef int64_t quantity = 0, seen = 0, last_id = 0
        cdef Order *order
        while slot != NONE:
            order = &self.order_slots[slot]
            if order.order_id <= last_id:
                raise RuntimeError(f"orders at {level.price} are not oldest first")
            if order.level != level_slot or order.previous != previous or order.remaining <= 0 \
                    or self.find(order.order_id) != slot:
                raise RuntimeError(f"order {order.order_id} is not what its level says")
            quantity += order.remaining
            seen += 1
            last_id = order.order_id
            previous = slot
            slot = order.next
        if seen == 0 or seen != level.count or quantity != level.quantity or previous != level.tail:
            raise RuntimeError(f"lots at {level.price} are not the sum of its orders")
        return seen

    cdef int check_memory(self) except -1:
        """Every slot ever used is either live or on its free list, and every id entry belongs to a live order."""
        cdef int64_t free_orders = 0, free_levels = 0, entries = 0
        cdef int32_t slot = self.order_free
        cdef uint64_t at
        while slot != NONE:
            free_orders += 1
            slot = self.order_slots[slot].next
        slot = self.level_free
        while slot != NONE:
            free_levels += 1
            slot = self.level_slots[slot].tail
        for at in range(self.mask() + 1):
            entries += self.slot_of[at] != NONE
        if free_orders + self.order_count != self.order_used or free_levels + self.level_count != self.level_used \
                or entries != self.order_count:
            raise RuntimeError("a slot is lost or used twice")
        return 0

    @property
    def memory_bytes(self):
        """Bytes held for orders, levels and ids."""
        cdef int64_t runs = <int64_t>self.bids.count + self.asks.count
        cdef int64_t places = <int64_t>self.bids.capacity + self.asks.capacity
        return (self.order_capacity * <int64_t>sizeof(Order) + self.level_capacity * <int64_t>sizeof(Level)
                + <int64_t>(self.mask() + 1) * <int64_t>sizeof(int32_t) + runs * <int64_t>sizeof(Run)
                + places * <int64_t>sizeof(Run *) + self.fill_capacity * <int64_t>sizeof(Fill))


cdef int64_t one_side(object side) except 0:
    cdef int overflow = 0
    cdef int64_t sign = PyLong_AsLongLongAndOverflow(side, &overflow)
    if overflow or (sign != 1 and sign != -1):
        raise ValueError(f"side is {BUY} (buy) or {SELL} (sell), not {side}")
    return sign


cdef int64_t within(object value, str what, str unit) except 0:
    cdef int overflow = 0
    cdef int64_t whole = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow or whole < 1 or whole > MAXIMUM:
        raise OutOfRange(f"{what} {value} is outside 1..{MAXIMUM} {unit}")
    return whole
