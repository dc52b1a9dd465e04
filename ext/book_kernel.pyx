# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The order book kernel, compiled; `book_kernel_twin.py` says the same in plain Python.

Orders lie in one array and refer to each other by slot; a level is a doubly linked list of slots, and `book_levels.pxd`
finds levels by price. Ids are given in sequence, so a ring of slots finds the younger orders directly; an order whose
seat in the ring a younger one has taken is found by open addressing. What only some orders have (owner, hidden lots,
expiry) lies in a second array, absent until needed, and a flag sends their fills out of the plain path. Arrays double
when full and halve when less than an eighth is used, and each time the orders are laid out anew in priority order.
"""

cimport cython
from cpython.long cimport PyLong_AsLongLongAndOverflow
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc, realloc

from shoal.ext.book_levels cimport (
    NARROWEST, NONE, Level, Side, allocate, close_side, enter, fit_window, follow, leave, level_below, level_of,
    next_level, open_window, rare, replace_level, reserve, side_bytes
)

from collections import deque
from heapq import heappop, heappush
from operator import index

import numpy as np

from shoal.ext.book_refusals import (
    AlreadyExpired, Collecting, OutOfRange, StillCrossed, Unfillable, UnknownOrderId, WouldCross, WouldTrigger
)
from shoal.ext.book_stops_twin import Stop, Stops
from shoal.ext.book_terms import MAXIMUM_CASCADE, MAXIMUM_PARTS

__all__ = ["BUY", "SELL", "Book"]

BUY = 1
SELL = -1

cdef enum:
    SMALLEST = 64
    MANY = 1 << 16          # rows of a flow that are given room for all fills at once
    SMALL = 1 << 14         # a book with room for more orders has two seats an order in the ring, else four
    SPECIAL = 1             # flags of an order: it has an entry in the second array
    OLD = 2                 # a younger order has its seat in the ring
    STP_NONE = 0
    CANCEL_TAKER = 1
    CANCEL_MAKER = 2
    CANCEL_BOTH = 3
    DECREMENT = 4
    LAST = 0
    MARK = 1
    ADD = 0
    EXECUTE = 1
    REDUCE = 2
    DELETE = 3
    FLOW_LIMIT = 0
    FLOW_CANCEL = 1
    FLOW_MARKET = 2

cdef int64_t MAXIMUM = <int64_t>1 << 62
cdef object NOTHING = 0


cdef struct Order:
    int64_t order_id        # 0 while the slot is free
    int64_t remaining       # lots shown
    int32_t level
    int32_t previous
    int32_t next            # next slot of the level, or of the free list
    int32_t flags


cdef struct Terms:
    int64_t owner
    int64_t hidden
    int64_t display
    int64_t expiry


cdef struct Fill:
    int64_t first           # in a replay the taker's id, else the lots that the maker has left
    int64_t maker_id
    int64_t price
    int64_t quantity


cdef struct Event:
    int64_t sequence
    int64_t kind
    int64_t order_id
    int64_t side
    int64_t price
    int64_t quantity


class WaitingStops(Stops):
    """Stops that find those which a price sets off without looking at the others."""

    __slots__ = ("heaps",)

    def __init__(self):
        super().__init__()
        self.heaps = {(source, side): [] for source in (LAST, MARK) for side in (1, -1)}

    def add(self, stop):
        super().add(stop)
        heappush(self.heaps[stop.source, stop.side], (stop.side * stop.trigger, stop.order_id))

    def nearest(self, source, side):
        """The trigger that is reached first; None without stops."""
        heap = self.heaps[source, side]
        while heap and heap[0][1] not in self.waiting:
            heappop(heap)
        return side * heap[0][0] if heap else None

    def notice(self, source, *prices):
        found = []
        for side in (1, -1):
            reached = max(side * price for price in prices)
            while (trigger := self.nearest(source, side)) is not None and side * trigger <= reached:
                found.append(heappop(self.heaps[source, side])[1])
        for order_id in sorted(found):
            self.due[order_id] = self.waiting.pop(order_id)


@cython.final
cdef class Rows:
    """Rows of int64 in C memory, which NumPy may look at and which lives as long as it does."""

    cdef void *memory
    cdef Py_ssize_t[2] shape
    cdef Py_ssize_t[2] strides

    def __dealloc__(self):
        free(self.memory)

    def __getbuffer__(self, Py_buffer *view, int flags):
        view.buf = self.memory
        view.obj = self
        view.len = self.shape[0] * self.shape[1] * 8
        view.readonly = 0
        view.itemsize = 8
        view.format = b"q"
        view.ndim = 2
        view.shape = self.shape
        view.strides = self.strides
        view.suboffsets = NULL
        view.internal = NULL


cdef object rows_of(void *memory, Py_ssize_t count, Py_ssize_t width):
    """An array of rows that owns `memory`, which malloc gave."""
    cdef Rows rows
    if memory == NULL or count == 0:
        free(memory)
        return np.empty((0, width), np.int64)
    rows = Rows()
    rows.memory = realloc(memory, count * width * 8)
    if rows.memory == NULL:
        rows.memory = memory
    rows.shape[0], rows.shape[1] = count, width
    rows.strides[0], rows.strides[1] = 8 * width, 8
    return np.asarray(rows)


@cython.final
cdef class Book:
    """Price-time priority on integer ticks and lots; see the twin for every verb."""

    cdef Side bids, asks
    cdef Order *order_slots
    cdef Terms *terms
    cdef Level *level_slots
    cdef int32_t *ring
    cdef int32_t *old_slots
    cdef Fill *fills
    cdef Event *log
    cdef int32_t order_capacity, order_used, order_free, order_count, special_count
    cdef int32_t level_capacity, level_used, level_free, level_count
    cdef int64_t fill_capacity, fill_count, log_capacity, log_count
    cdef int64_t ring_mask, old_count, old_capacity
    cdef int old_shift
    cdef bint recording, collects, spilled
    cdef int64_t last_id, bid_lots, ask_lots, last_price, mark_ticks, now_ns, soonest_expiry, sequence
    cdef int64_t orphan_count
    cdef int64_t stop_count, due_count
    cdef int64_t buy_trigger, sell_trigger      # of stops that wait for the last price, those reached first
    cdef object waiting
    cdef list prevented_list, triggered_list

    def __cinit__(self):
        self.order_free = self.level_free = self.bids.best = self.asks.best = NONE
        self.soonest_expiry = self.buy_trigger = MAXIMUM + 1
        self.waiting = WaitingStops()
        self.prevented_list = []
        self.triggered_list = []
        if not (open_window(&self.bids, NARROWEST) and open_window(&self.asks, NARROWEST)
                and self.lay_out(SMALLEST, SMALLEST)):
            raise MemoryError("no memory for an order book")

    def __dealloc__(self):
        close_side(&self.bids)
        close_side(&self.asks)
        free(self.order_slots)
        free(self.terms)
        free(self.level_slots)
        free(self.ring)
        free(self.old_slots)
        free(self.fills)
        free(self.log)

    # ---- memory -----------------------------------------------------------------------------------------------------

    cdef bint lay_out(self, int64_t orders, int64_t levels) noexcept nogil:
        """Move everything into arrays of these sizes (powers of two), in priority order; False changes nothing."""
        cdef Order *new_orders = NULL
        cdef Terms *new_terms = NULL
        cdef Level *new_levels = NULL
        cdef int32_t *new_ring = NULL
        cdef int32_t *new_old = NULL
        cdef Order *old_orders = self.order_slots
        cdef Terms *old_terms = self.terms if self.special_count else NULL
        cdef Level *old_levels = self.level_slots
        cdef Side *side
        cdef Level *level
        cdef Order *order
        cdef int32_t at, slot, order_at = 0, level_at = 0, which
        cdef int64_t ring = (4 if orders <= SMALL else 2) * orders, old_capacity = SMALLEST, key
        if orders > <int64_t>1 << 29 or levels > <int64_t>1 << 29:
            return False
        while old_capacity < 2 * self.count_old(ring):
            old_capacity <<= 1
        new_orders = <Order *>allocate(orders * sizeof(Order))
        new_levels = <Level *>allocate(levels * sizeof(Level))
        new_ring = <int32_t *>allocate(ring * sizeof(int32_t))
        new_old = <int32_t *>malloc(old_capacity * sizeof(int32_t))
        if old_terms != NULL:
            new_terms = <Terms *>allocate(orders * sizeof(Terms))
        if new_orders == NULL or new_levels == NULL or new_ring == NULL or new_old == NULL \
                or (old_terms != NULL and new_terms == NULL):
            free(new_orders)
            free(new_terms)
            free(new_levels)
            free(new_ring)
            free(new_old)
            return False
        free(self.ring)
        free(self.old_slots)
        self.ring = new_ring
        self.ring_mask = ring - 1
        self.old_slots = new_old
        self.set_old(old_capacity)
        self.order_slots = new_orders
        self.level_slots = new_levels
        for which in range(2):
            side = &self.asks if which else &self.bids
            slot = side.best
            if slot != NONE:
                side.best = level_at
            while slot != NONE:
                new_levels[level_at] = old_levels[slot]
                level = &new_levels[level_at]
                key = level.side * level.price
                at = level.head
                level.head = order_at
                level.tail = order_at + level.count - 1
                while at != NONE:
                    order = &new_orders[order_at]
                    order[0] = old_orders[at]
                    order.level = level_at
                    order.previous = order_at - 1 if order_at > level.head else NONE
                    order.next = order_at + 1 if order_at < level.tail else NONE
                    if order.flags & SPECIAL:
                        new_terms[order_at] = old_terms[at]
                    order.flags &= ~OLD
                    if order.order_id > self.last_id - ring:
                        new_ring[order.order_id & self.ring_mask] = order_at
                    else:
                        self.remember_old(order_at)
                    at = old_orders[at].next
                    order_at += 1
                slot = level_below(side, old_levels, key)
                replace_level(side, key, level_at)
                level_at += 1
        free(old_orders)
        free(self.terms)
        free(old_levels)
        self.terms = new_terms
        self.order_capacity = <int32_t>orders
        self.level_capacity = <int32_t>levels
        self.order_used = self.order_count = order_at
        self.level_used = self.level_count = level_at
        self.order_free = self.level_free = NONE
        return True

    cdef inline bint make_room(self) noexcept nogil:
        """Make sure that one more order and one more level fit."""
        if rare(self.order_count == self.order_capacity or self.level_count == self.level_capacity):
            return self.grow()
        return True

    cdef bint grow(self) noexcept nogil:
        cdef int64_t orders = self.order_capacity, levels = self.level_capacity
        return self.lay_out(orders * 2 if self.order_count == orders else orders,
                            levels * 2 if self.level_count == levels else levels)

    cdef inline void give_back(self) noexcept nogil:
        """Halve arrays of which less than an eighth is used; too little memory to do so is no error."""
        if rare(self.order_count < self.order_capacity >> 3 and self.order_capacity > SMALLEST
                or self.level_count < self.level_capacity >> 3 and self.level_capacity > SMALLEST):
            self.shrink()

    cdef void shrink(self) noexcept nogil:
        cdef int32_t orders = self.order_capacity, levels = self.level_capacity
        if orders > SMALLEST and self.order_count < orders >> 3:
            orders >>= 1
        if levels > SMALLEST and self.level_count < levels >> 3:
            levels >>= 1
            fit_window(&self.bids, self.level_slots)
            fit_window(&self.asks, self.level_slots)
        self.lay_out(orders, levels)

    # ---- ids --------------------------------------------------------------------------------------------------------

    cdef int64_t count_old(self, int64_t ring) noexcept nogil:
        """Resting orders whose ids a ring of this size would not reach back to."""
        cdef int64_t count = 0, at
        for at in range(self.order_used):
            count += 0 < self.order_slots[at].order_id <= self.last_id - ring
        return count

    cdef void set_old(self, int64_t capacity) noexcept nogil:
        cdef int64_t at
        self.old_capacity = capacity
        self.old_count = 0
        self.old_shift = 64
        while capacity > 1:
            capacity >>= 1
            self.old_shift -= 1
        for at in range(self.old_capacity):
            self.old_slots[at] = NONE

    cdef inline uint64_t home(self, int64_t order_id) noexcept nogil:
        return (<uint64_t>order_id * <uint64_t>0x9E3779B97F4A7C15) >> self.old_shift

    cdef void remember_old(self, int32_t slot) noexcept nogil:
        cdef uint64_t at = self.home(self.order_slots[slot].order_id), mask = self.old_capacity - 1
        while self.old_slots[at] != NONE:
            at = (at + 1) & mask
        self.old_slots[at] = slot
        self.old_count += 1
        self.order_slots[slot].flags |= OLD

    cdef bint overtake(self, int32_t slot) noexcept nogil:
        """Move an order from the ring to the old ones; False if memory ran out."""
        cdef int32_t *grown
        cdef int32_t *before = self.old_slots
        cdef int64_t capacity = self.old_capacity, at
        if 2 * self.old_count >= capacity:
            grown = <int32_t *>malloc(2 * capacity * sizeof(int32_t))
            if grown == NULL:
                return False
            self.old_slots = grown
            self.set_old(2 * capacity)
            for at in range(capacity):
                if before[at] != NONE:
                    self.remember_old(before[at])
            free(before)
        self.remember_old(slot)
        return True

    cdef inline int32_t find(self, int64_t order_id) noexcept nogil:
        """The slot of a resting order (`order_id` > 0), or NONE; a seat may still name an order that is gone."""
        cdef int32_t slot = self.ring[order_id & self.ring_mask]
        if rare(self.order_slots[slot].order_id != order_id):
            return self.find_old(order_id)
        return slot

    cdef int32_t find_old(self, int64_t order_id) noexcept nogil:
        cdef uint64_t at = self.home(order_id), mask = self.old_capacity - 1
        while self.old_slots[at] != NONE and self.order_slots[self.old_slots[at]].order_id != order_id:
            at = (at + 1) & mask
        return self.old_slots[at]

    cdef void forget_old(self, int64_t order_id) noexcept nogil:
        """Take an id out and move later entries of its chain back, so that no chain has a hole."""
        cdef uint64_t mask = self.old_capacity - 1, hole = self.home(order_id), at
        while self.order_slots[self.old_slots[hole]].order_id != order_id:
            hole = (hole + 1) & mask
        at = hole
        while True:
            at = (at + 1) & mask
            if self.old_slots[at] == NONE:
                break
            if ((at - self.home(self.order_slots[self.old_slots[at]].order_id)) & mask) >= ((at - hole) & mask):
                self.old_slots[hole] = self.old_slots[at]
                hole = at
        self.old_slots[hole] = NONE
        self.old_count -= 1

    # ---- orders and levels ------------------------------------------------------------------------------------------

    cdef inline Side *side_of(self, int64_t side) noexcept nogil:
        return &self.bids if side > 0 else &self.asks

    cdef inline int64_t *lots_of(self, int64_t side) noexcept nogil:
        return &self.bid_lots if side > 0 else &self.ask_lots

    cdef inline int32_t level_at(self, int64_t side, int64_t price) noexcept nogil:
        """The level at a price, opened if there is none; NONE if memory ran out."""
        cdef int32_t slot = level_of(self.side_of(side), side * price)
        return slot if slot != NONE else self.open_level(side, price)

    cdef int32_t open_level(self, int64_t side, int64_t price) noexcept nogil:
        cdef int32_t slot = self.level_free if self.level_free != NONE else self.level_used
        cdef Level *level = &self.level_slots[slot]
        cdef int32_t next_free = level.tail
        cdef Side *own = self.side_of(side)
        level.price = price
        level.quantity = level.hidden = 0
        level.side = <int32_t>side
        level.count = 0
        level.head = level.tail = NONE
        if not enter(own, self.level_slots, side * price, slot):
            level.tail = next_free
            return NONE
        if slot == self.level_free:
            self.level_free = next_free
        else:
            self.level_used += 1
        self.level_count += 1
        if rare(own.misses != 0):
            follow(own, self.level_slots)
        return slot

    cdef inline int32_t append(self, int32_t level_slot, int64_t order_id, int64_t remaining) noexcept nogil:
        """Give lots the last place of a level under an id: the slot, or NONE if memory ran out."""
        cdef Level *level = &self.level_slots[level_slot]
        cdef int32_t *seat = &self.ring[order_id & self.ring_mask]
        cdef int32_t slot = self.order_free
        cdef Order *order = &self.order_slots[seat[0]]
        if rare(order.order_id != 0 and ((order.order_id ^ order_id) & self.ring_mask) == 0) \
                and not order.flags & OLD and not self.overtake(seat[0]):
            return NONE
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
        order.flags = 0
        seat[0] = slot
        if level.tail == NONE:
            level.head = slot
        else:
            self.order_slots[level.tail].next = slot
        level.tail = slot
        level.count += 1
        level.quantity += remaining
        self.lots_of(level.side)[0] += remaining
        self.order_count += 1
        if rare(self.recording) and not self.note(ADD, order_id, level.side, level.price, remaining):
            return NONE
        return slot

    cdef inline void release(self, int32_t slot) noexcept nogil:
        """Free the slot of an order that no level holds any more."""
        cdef Order *order = &self.order_slots[slot]
        if rare(order.flags):
            if order.flags & OLD:
                self.forget_old(order.order_id)
            if order.flags & SPECIAL:
                self.special_count -= 1
        order.order_id = 0
        order.next = self.order_free
        self.order_free = slot
        self.order_count -= 1

    cdef void close_level(self, int32_t slot) noexcept nogil:
        """Take an empty level out of its side."""
        cdef Level *level = &self.level_slots[slot]
        leave(self.side_of(level.side), self.level_slots, level.side * level.price, slot)
        level.tail = self.level_free
        self.level_free = slot
        self.level_count -= 1

    cdef inline void unlink(self, Order *order, Level *level) noexcept nogil:
        if order.previous == NONE:
            level.head = order.next
        else:
            self.order_slots[order.previous].next = order.next
        if order.next == NONE:
            level.tail = order.previous
        else:
            self.order_slots[order.next].previous = order.previous

    cdef inline bint remove(self, int32_t slot) noexcept nogil:
        """Take an order out with all it has left, and an empty level with it; False if no event could be noted."""
        cdef Order *order = &self.order_slots[slot]
        cdef int32_t level_slot = order.level
        cdef Level *level = &self.level_slots[level_slot]
        cdef int64_t hidden
        if rare(self.recording) and not self.note(DELETE, order.order_id, level.side, level.price, order.remaining):
            return False
        if rare(order.flags & SPECIAL):
            hidden = self.terms[slot].hidden
            level.hidden -= hidden
            self.lots_of(level.side)[0] -= hidden
        level.quantity -= order.remaining
        self.lots_of(level.side)[0] -= order.remaining
        level.count -= 1
        self.unlink(order, level)
        self.release(slot)
        if level.count == 0:
            self.close_level(level_slot)
        return True

    cdef bint note(self, int64_t kind, int64_t order_id, int64_t side, int64_t price, int64_t lots) noexcept nogil:
        """Write a row of the event feed; False if memory ran out."""
        cdef Event *grown
        cdef Event *event
        cdef int64_t capacity
        if self.log_count == self.log_capacity:
            capacity = 2 * self.log_capacity if self.log_capacity else SMALLEST
            grown = <Event *>realloc(self.log, capacity * sizeof(Event))
            if grown == NULL:
                return False
            self.log = grown
            self.log_capacity = capacity
        self.sequence += 1
        event = &self.log[self.log_count]
        self.log_count += 1
        event.sequence = self.sequence
        event.kind = kind
        event.order_id = order_id
        event.side = side
        event.price = price
        event.quantity = lots
        return True

    cdef inline int64_t hidden_of(self, int32_t slot) noexcept nogil:
        return self.terms[slot].hidden if self.order_slots[slot].flags & SPECIAL else 0

    cdef inline int64_t owner_of(self, int32_t slot) noexcept nogil:
        return self.terms[slot].owner if self.order_slots[slot].flags & SPECIAL else 0

    cdef bint take(self, int32_t slot, int64_t lots, int64_t kind, int64_t price) noexcept nogil:
        """Take shown lots off any order, because of a trade or without one; False if no event could be noted.

        Once none is shown its next hidden ones are, last in line; without hidden ones it goes.
        """
        cdef Order *order = &self.order_slots[slot]
        cdef int32_t level_slot = order.level
        cdef Level *level = &self.level_slots[level_slot]
        cdef Terms *terms
        cdef int64_t shown
        if self.recording and not self.note(kind, order.order_id, level.side, price, lots):
            return False
        order.remaining -= lots
        level.quantity -= lots
        self.lots_of(level.side)[0] -= lots
        if order.remaining:
            return True
        if not self.hidden_of(slot):
            level.count -= 1
            self.unlink(order, level)
            self.release(slot)
            if level.count == 0:
                self.close_level(level_slot)
            return True
        terms = &self.terms[slot]
        shown = terms.display if terms.display < terms.hidden else terms.hidden
        terms.hidden -= shown
        level.hidden -= shown
        order.remaining = shown
        level.quantity += shown
        if order.next != NONE:
            self.unlink(order, level)
            order.previous = level.tail
            order.next = NONE
            self.order_slots[level.tail].next = slot
            level.tail = slot
        return not self.recording or self.note(ADD, order.order_id, level.side, level.price, shown)

    # ---- matching ---------------------------------------------------------------------------------------------------

    cdef bint more_fills(self) noexcept nogil:
        cdef int64_t capacity = 2 * self.fill_capacity if self.fill_capacity else SMALLEST
        cdef Fill *grown = <Fill *>realloc(self.fills, capacity * sizeof(Fill))
        if grown == NULL:
            return False
        self.fills = grown
        self.fill_capacity = capacity
        return True

    cdef int64_t match(self, int64_t side, int64_t limit, int64_t quantity, int64_t taker_id,
                       int64_t owner, int64_t stp) noexcept nogil:
        """Lots left of a taker after all makers at `limit` or better; -1 if memory ran out.

        Fills are added to those that stand in `fills`.
        """
        cdef Side *other = self.side_of(-side)
        cdef int64_t take, open_lots, matched
        cdef int32_t slot, following
        cdef Level *level
        cdef Order *order
        cdef Fill *fill
        if rare(self.collects):
            return quantity
        while quantity:
            if other.best == NONE:
                break
            level = &self.level_slots[other.best]
            if side * (level.price - limit) > 0:
                break
            slot = level.head
            if rare(self.order_slots[slot].flags & SPECIAL or self.recording):
                quantity = self.match_special(slot, quantity, taker_id, owner, stp)
                if quantity < 0:
                    return -1
                continue
            matched = quantity
            while True:
                if rare(self.fill_count == self.fill_capacity) and not self.more_fills():
                    break
                order = &self.order_slots[slot]
                open_lots = order.remaining
                take = quantity if quantity < open_lots else open_lots
                open_lots -= take
                quantity -= take
                fill = &self.fills[self.fill_count]
                self.fill_count += 1
                fill.first = taker_id if taker_id else open_lots
                fill.maker_id = order.order_id
                fill.price = level.price
                fill.quantity = take
                order.remaining = open_lots
                if open_lots:
                    break
                level.count -= 1
                following = order.next
                self.release(slot)
                slot = following
                if slot == NONE or quantity == 0 or rare(self.order_slots[slot].flags & SPECIAL):
                    break
            matched -= quantity
            level.quantity -= matched
            self.lots_of(-side)[0] -= matched
            self.last_price = level.price
            level.head = slot
            if slot == NONE:
                self.close_level(other.best)
            else:
                self.order_slots[slot].previous = NONE
            if rare(matched == 0):
                return -1
        return quantity

    cdef int64_t match_special(self, int32_t slot, int64_t quantity, int64_t taker_id,
                               int64_t owner, int64_t stp) noexcept nogil:
        """Let a taker meet one maker of any kind: lots left, or -1 if memory ran out."""
        cdef Order *order = &self.order_slots[slot]
        cdef Level *level = &self.level_slots[order.level]
        cdef int64_t order_id = order.order_id, price = level.price
        cdef int64_t lots = quantity if quantity < order.remaining else order.remaining, left
        cdef Fill *fill
        left = order.remaining - lots + self.hidden_of(slot)
        if stp and owner and self.owner_of(slot) == owner:
            if stp == DECREMENT:
                if not self.take(slot, lots, REDUCE, price) or not self.remember_prevented(order_id, lots, left):
                    return -1
                return quantity - lots
            left = order.remaining + self.hidden_of(slot)
            if stp == CANCEL_TAKER:
                return 0 if self.remember_prevented(order_id, 0, left) else -1
            if not self.remove(slot) or not self.remember_prevented(order_id, left, 0):
                return -1
            return 0 if stp == CANCEL_BOTH else quantity
        if self.fill_count == self.fill_capacity and not self.more_fills():
            return -1
        fill = &self.fills[self.fill_count]
        self.fill_count += 1
        fill.first = taker_id if taker_id else left
        fill.maker_id = order_id
        fill.price = price
        fill.quantity = lots
        self.last_price = price
        return quantity - lots if self.take(slot, lots, EXECUTE, price) else -1

    cdef bint remember_prevented(self, int64_t order_id, int64_t lots, int64_t left) noexcept with gil:
        self.prevented_list.append((order_id, lots, left))
        self.spilled = True
        return True

    cdef inline bint rest(self, int64_t order_id, int64_t side, int64_t price, int64_t lots) noexcept nogil:
        """Let lots rest last in line at a price; False if memory ran out."""
        cdef int32_t level = self.level_at(side, price)
        return level != NONE and self.append(level, order_id, lots) != NONE

    cdef bint rest_special(self, int64_t order_id, int64_t side, int64_t price, int64_t lots,
                           int64_t owner, int64_t display, int64_t expiry) noexcept nogil:
        """As `rest`, for an order that has an owner, hidden lots or an expiry."""
        cdef int64_t shown = display if display and display < lots else lots
        cdef int32_t level = NONE, slot
        cdef Terms *terms
        if not (owner or display or expiry):
            return self.rest(order_id, side, price, lots)
        if self.terms == NULL:
            self.terms = <Terms *>allocate(self.order_capacity * sizeof(Terms))
            if self.terms == NULL:
                return False
        level = self.level_at(side, price)
        if level == NONE:
            return False
        slot = self.append(level, order_id, shown)
        if slot == NONE:
            return False
        self.order_slots[slot].flags |= SPECIAL
        self.special_count += 1
        terms = &self.terms[slot]
        terms.owner = owner
        terms.hidden = lots - shown
        terms.display = display
        terms.expiry = expiry
        self.level_slots[level].hidden += terms.hidden
        self.lots_of(side)[0] += terms.hidden
        if expiry and expiry < self.soonest_expiry:
            self.soonest_expiry = expiry
        return True

    cdef inline int64_t submit(self, int64_t order_id, int64_t side, int64_t price, int64_t quantity,
                               int64_t taker_id) noexcept nogil:
        """Match a plain limit order and let the rest of it rest: lots that rest, or -1 if memory ran out."""
        cdef int64_t left
        if not self.make_room():
            return -1
        left = self.match(side, price, quantity, taker_id, 0, 0)
        if left > 0 and not self.rest(order_id, side, price, left):
            return -1
        return left

    cdef list fill_rows(self, int64_t start):
        """The fills from `start` on for Python."""
        cdef int64_t at
        cdef Fill *fill
        cdef list fills = []
        for at in range(start, self.fill_count):
            fill = &self.fills[at]
            fills.append((fill.maker_id, fill.price, fill.quantity, fill.first))
        return fills

    cdef inline list fill_list(self):
        """The fills of one verb for Python; room for many is given back."""
        cdef list fills
        if self.fill_count == 0:
            return []
        fills = self.fill_rows(0)
        self.fill_count = 0
        if rare(self.fill_capacity > 16 * SMALLEST):
            self.drop_fills()
        return fills

    cdef void drop_fills(self) noexcept nogil:
        free(self.fills)
        self.fills = NULL
        self.fill_capacity = self.fill_count = 0

    cdef int32_t slot_or_refuse(self, object order_id) except -1:
        cdef int overflow = 0
        cdef int64_t wanted = PyLong_AsLongLongAndOverflow(order_id, &overflow)
        cdef int32_t slot = NONE
        if not overflow and wanted > 0:
            slot = self.find(wanted)
        if slot == NONE:
            raise UnknownOrderId(f"no order {order_id} rests in the book")
        return slot

    # ---- stops ------------------------------------------------------------------------------------------------------

    cdef int watch(self) except -1:
        """Note what the stops wait for, after any of them came or went."""
        buy, sell = self.waiting.nearest(LAST, 1), self.waiting.nearest(LAST, -1)
        self.buy_trigger = MAXIMUM + 1 if buy is None else buy
        self.sell_trigger = 0 if sell is None else sell
        self.stop_count = len(self.waiting)
        self.due_count = len(self.waiting.due)
        return 0

    cdef int notice(self, int64_t first, int64_t last) except -1:
        """Put the stops that one of two trades sets off in line."""
        if first >= self.buy_trigger or last >= self.buy_trigger \
                or first <= self.sell_trigger or last <= self.sell_trigger:
            self.waiting.notice(LAST, first, last)
            self.watch()
        return 0

    cdef inline list finish(self):
        """The fills of one verb; stops that they set off are worked off."""
        return self.finish_stops() if rare(self.stop_count) else self.fill_list()

    cdef list finish_stops(self):
        cdef int64_t first, last
        cdef list fills
        if self.fill_count:
            first, last = self.fills[0].price, self.fills[self.fill_count - 1].price
            fills = self.fill_list()
            self.notice(first, last)
        else:
            fills = []
        if self.due_count:
            self.work_off(keep=False)
        return fills

    cdef int work_off(self, bint keep) except -1:
        """Work off the stops that are due; `keep` leaves their fills among the rows of a replay."""
        cdef int64_t side, left, limit, start, at
        cdef list fills
        for _ in range(MAXIMUM_CASCADE):
            if not self.due_count or self.collects:
                break
            self.spilled = True
            stop = self.waiting.pop_due()
            self.watch()
            side, limit = stop.side, stop.limit
            if stop.rests and self.lots_of(side)[0] > MAXIMUM - <int64_t>stop.quantity:
                self.triggered_list.append((stop.order_id, 0, []))
                continue
            start = self.fill_count
            if not self.make_room():
                raise MemoryError("no memory for one more order")
            left = self.match(side, limit, stop.quantity, 0, stop.owner, stop.stp)
            if left < 0:
                raise MemoryError("no memory for one more fill")
            if self.fill_count > start:
                self.notice(self.fills[start].price, self.fills[self.fill_count - 1].price)
            if not stop.rests:
                left = 0
            if left and not self.rest_special(stop.order_id, side, limit, left, stop.owner, 0, stop.expiry):
                raise MemoryError("no memory for one more order")
            fills = self.fill_rows(start)
            if keep:
                for at in range(start, self.fill_count):
                    self.fills[at].first = stop.order_id
            else:
                self.fill_count = start
            self.triggered_list.append((stop.order_id, left, fills))
        self.give_back()
        return 0

    cdef inline int begin(self) except -1:
        """Forget what the last verb did besides its answer."""
        if rare(self.spilled):
            self.prevented_list, self.triggered_list, self.spilled = [], [], False
        return 0

    # ---- verbs ------------------------------------------------------------------------------------------------------

    def limit(self, side, price, quantity, *, owner=0, stp=0, bint immediate=False, bint post_only=False,
              bint slide=False, bint fill_or_kill=False, display=0, expiry=0):
        """Match up to `price`, then rest what is left, unless `immediate` or `fill_or_kill`."""
        cdef int64_t sign = one_side(side), ticks = within(price, "price", "ticks")
        cdef int64_t lots = within(quantity, "quantity", "lots"), left
        if rare(owner is not NOTHING or stp is not NOTHING or fill_or_kill or slide or display is not NOTHING
                or expiry is not NOTHING or self.collects):
            return self.limit_special(sign, ticks, lots, owner, stp, immediate, post_only, slide, fill_or_kill,
                                      display, expiry)
        if rare(post_only):
            if immediate:
                raise ValueError("an order is either immediate or post-only")
            ticks = self.posted_price(sign, ticks, False)
        if rare(not immediate and self.lots_of(sign)[0] > MAXIMUM - lots):
            self.refuse_room(sign, lots)
        self.begin()
        if immediate:
            left = self.match(sign, ticks, lots, 0, 0, 0)
        else:
            left = self.submit(self.last_id + 1, sign, ticks, lots, 0)
        if rare(left < 0):
            raise MemoryError("no memory for one more order")
        if left == 0 or immediate:
            if self.fill_count:
                self.give_back()
            return 0, 0, self.finish()
        self.last_id += 1
        return self.last_id, left, self.finish()

    cdef object limit_special(self, int64_t sign, int64_t ticks, int64_t lots, owner, stp, bint immediate,
                              bint post_only, bint slide, bint fill_or_kill, display, expiry):
        cdef int64_t who = ranged(owner, "owner", "", 0, MAXIMUM), mode = mode_of(stp), shown = 0, until, left
        cdef bint takes = immediate or fill_or_kill, posts = post_only or slide
        cdef int64_t order_id = 0
        if display:
            shown = ranged(display, "display", "lots", (lots - 1) // <int64_t>MAXIMUM_PARTS + 1, lots)
        until = ranged(expiry, "expiry", "ns", 0, MAXIMUM)
        if takes and posts:
            raise ValueError("an order is either immediate or post-only")
        if takes and (shown or until):
            raise ValueError("an immediate order never rests: it has no display and no expiry")
        self.require_time_left(until)
        if takes or posts:
            self.require_matching()
        if posts:
            ticks = self.posted_price(sign, ticks, slide)
        if not takes and self.lots_of(sign)[0] > MAXIMUM - lots:
            self.refuse_room(sign, lots)
        if fill_or_kill:
            found = sum([taken for _, taken in self.reach(-sign, lots, ticks, who, mode)])
            if found < lots:
                raise Unfillable(f"{found} of {lots} lots could be filled up to {ticks} ticks")
        self.begin()
        if not self.make_room():
            raise MemoryError("no memory for one more order")
        left = self.match(sign, ticks, lots, 0, who, mode)
        if left < 0:
            raise MemoryError("no memory for one more fill")
        if takes:
            left = 0
        if left:
            order_id = self.last_id + 1
            if not self.rest_special(order_id, sign, ticks, left, who, shown, until):
                raise MemoryError("no memory for one more order")
            self.last_id = order_id
        self.give_back()
        return order_id, left, self.finish()

    def market(self, side, quantity, collar_price, *, owner=0, stp=0):
        """Match up to `collar_price` and drop the rest; an empty book gives no fills."""
        cdef int64_t sign = one_side(side), lots = within(quantity, "quantity", "lots")
        cdef int64_t collar = within(collar_price, "price", "ticks"), who = 0, mode = 0
        if rare(owner is not NOTHING or stp is not NOTHING):
            who, mode = ranged(owner, "owner", "", 0, MAXIMUM), mode_of(stp)
        self.require_matching()
        self.begin()
        if self.match(sign, collar, lots, 0, who, mode) < 0:
            raise MemoryError("no memory for one more fill")
        self.give_back()
        return 0, 0, self.finish()

    def stop(self, side, trigger, quantity, *, price=None, collar_price=None, source=LAST, owner=0, stp=0, expiry=0):
        """Wait until the last trade or the mark reaches `trigger`, then be a new order; returns the id."""
        cdef int64_t sign = one_side(side), at = within(trigger, "trigger", "ticks")
        cdef int64_t lots = within(quantity, "quantity", "lots"), limit = MAXIMUM if sign > 0 else 1, known, until
        if price is not None and collar_price is not None:
            raise ValueError("a stop has either a price or a collar")
        if price is not None or collar_price is not None:
            limit = within(collar_price if price is None else price, "price", "ticks")
        kind = index(source)
        if kind not in (LAST, MARK):
            raise ValueError(f"a stop's source is {LAST} (last trade) or {MARK} (mark), not {source}")
        who, mode = ranged(owner, "owner", "", 0, MAXIMUM), mode_of(stp)
        until = ranged(expiry, "expiry", "ns", 0, MAXIMUM)
        self.require_time_left(until)
        known = self.last_price if kind == LAST else self.mark_ticks
        if known and sign * (known - at) >= 0:
            raise WouldTrigger(f"stop at {at} ticks would be set off at once by {known}")
        self.begin()
        self.last_id += 1
        self.waiting.add(Stop(self.last_id, sign, at, lots, limit, price is not None, kind, who, mode, until))
        self.watch()
        if until and until < self.soonest_expiry:
            self.soonest_expiry = until
        return self.last_id

    def amend(self, order_id, *, quantity=None, price=None, stp=0, bint post_only=False):
        """Give a resting order another price, or other lots to have left."""
        cdef int32_t slot = self.slot_or_refuse(order_id)
        cdef Order *order = &self.order_slots[slot]
        cdef int64_t side = self.level_slots[order.level].side, old_price = self.level_slots[order.level].price
        cdef int64_t known_id = order.order_id, remaining = order.remaining + self.hidden_of(slot), hidden
        cdef int64_t lots = remaining if quantity is None else within(quantity, "quantity", "lots")
        cdef int64_t ticks = old_price if price is None else within(price, "price", "ticks")
        cdef int64_t mode = mode_of(stp), owner = 0, display = 0, expiry = 0, left
        cdef bint keeps_place = ticks == old_price and lots <= remaining
        if order.flags & SPECIAL:
            owner, display, expiry = self.terms[slot].owner, self.terms[slot].display, self.terms[slot].expiry
        if display and display < MAXIMUM // <int64_t>MAXIMUM_PARTS:
            ranged(lots, "quantity", "lots", 1, display * <int64_t>MAXIMUM_PARTS)
        if post_only:
            self.require_matching()
        if not keeps_place:
            if post_only:
                self.posted_price(side, ticks, False)
            if self.lots_of(side)[0] - remaining > MAXIMUM - lots:
                self.refuse_room(side, lots - remaining)
        self.begin()
        if keeps_place:
            left = remaining - lots
            if order.flags & SPECIAL:
                hidden = left if left < self.terms[slot].hidden else self.terms[slot].hidden
                self.terms[slot].hidden -= hidden
                self.level_slots[order.level].hidden -= hidden
                self.lots_of(side)[0] -= hidden
                left -= hidden
            if left and not self.take(slot, left, REDUCE, ticks):
                raise MemoryError("no memory for one more event")
            self.finish()
            return known_id, lots, []
        if not self.remove(slot) or not self.make_room():
            raise MemoryError("no memory for one more order")
        left = self.match(side, ticks, lots, 0, owner, mode)
        if left < 0:
            raise MemoryError("no memory for one more fill")
        if left and not self.rest_special(known_id, side, ticks, left, owner, display, expiry):
            raise MemoryError("no memory for one more order")
        self.give_back()
        return known_id if left else 0, left, self.finish()

    def cancel(self, order_id):
        """Remove a resting order or a stop and return the lots it still had."""
        cdef int32_t slot
        cdef int64_t remaining
        if rare(self.stop_count) and index(order_id) in self.waiting:
            self.begin()
            stop = self.waiting.remove(index(order_id))
            self.watch()
            return stop.quantity
        slot = self.slot_or_refuse(order_id)
        self.begin()
        remaining = self.order_slots[slot].remaining + self.hidden_of(slot)
        if not self.remove(slot):
            raise MemoryError("no memory for one more event")
        self.give_back()
        return remaining

    def cancel_owner(self, owner):
        """Cancel all orders and stops of an owner; returns their ids, ascending."""
        cdef int64_t who = ranged(owner, "owner", "", 1, MAXIMUM)
        cdef int32_t slot
        cdef list found = [stop.order_id for stop in self.waiting if stop.owner == who] if self.stop_count else []
        if self.special_count:
            for slot in range(self.order_used):
                if self.order_slots[slot].order_id and self.owner_of(slot) == who:
                    found.append(self.order_slots[slot].order_id)
        found.sort()
        return self.cancel_all(found)

    def expire(self, now):
        """Tell the time in ns and cancel what has expired by then; returns ids, first expired first, then by id."""
        cdef int64_t soonest = MAXIMUM + 1, expiry
        cdef int32_t slot
        cdef list found = []
        self.now_ns = ranged(now, "now", "ns", self.now_ns, MAXIMUM)
        if self.now_ns >= self.soonest_expiry:
            for stop in self.waiting:
                if 0 < stop.expiry <= self.now_ns:
                    found.append((stop.expiry, stop.order_id))
                elif stop.expiry:
                    soonest = min(soonest, stop.expiry)
            for slot in range(self.order_used if self.special_count else 0):
                if self.order_slots[slot].order_id == 0 or not self.order_slots[slot].flags & SPECIAL:
                    continue
                expiry = self.terms[slot].expiry
                if 0 < expiry <= self.now_ns:
                    found.append((expiry, self.order_slots[slot].order_id))
                elif expiry and expiry < soonest:
                    soonest = expiry
            self.soonest_expiry = soonest
            found.sort()
        return self.cancel_all([order_id for _, order_id in found])

    cdef list cancel_all(self, list order_ids):
        cdef int32_t slot
        self.begin()
        for order_id in order_ids:
            slot = self.find(order_id)
            if slot == NONE:
                self.waiting.remove(order_id)
            elif not self.remove(slot):
                raise MemoryError("no memory for one more event")
        if self.stop_count:
            self.watch()
        while self.order_count < self.order_capacity >> 3 and self.order_capacity > SMALLEST:
            if not self.lay_out(self.order_capacity >> 1, self.level_capacity):
                break
        self.give_back()
        return order_ids

    def mark(self, price):
        """Tell the mark price in ticks, and work off the stops that it sets off."""
        cdef int64_t ticks = within(price, "price", "ticks")
        self.begin()
        self.mark_ticks = ticks
        if self.stop_count:
            self.waiting.notice(MARK, ticks)
            self.watch()
            self.finish()
        return self.triggered()

    def collect(self, collecting):
        """Begin to collect orders without matching, or end it; stops that became due meanwhile are then worked off."""
        bid, ask = self.best_bid(), self.best_ask()
        if not collecting and bid is not None and ask is not None and bid >= ask:
            raise StillCrossed(f"bid {bid} and ask {ask} still cross: an auction comes first")
        self.begin()
        self.collects = bool(collecting)
        self.finish()
        return self.triggered()

    def auction(self, reference_price):
        """Trade what crosses at one price: most lots, then least surplus, then pressure, then reference."""
        cdef int64_t reference = within(reference_price, "price", "ticks"), price, volume, left, lots
        cdef int64_t buy_id, sell_id, buy_left, sell_left
        cdef int32_t buy, sell
        cdef list trades = []
        self.begin()
        cleared = uniform_price(self.crossing(1), self.crossing(-1), reference)
        if cleared is None:
            return None, 0, []
        price, volume = cleared
        left = volume
        while left:
            buy, sell = self.level_slots[self.bids.best].head, self.level_slots[self.asks.best].head
            lots = min(left, self.order_slots[buy].remaining, self.order_slots[sell].remaining)
            left -= lots
            buy_id, sell_id = self.order_slots[buy].order_id, self.order_slots[sell].order_id
            buy_left = self.order_slots[buy].remaining + self.hidden_of(buy) - lots
            sell_left = self.order_slots[sell].remaining + self.hidden_of(sell) - lots
            if not self.take(buy, lots, EXECUTE, price) or not self.take(sell, lots, EXECUTE, price):
                raise MemoryError("no memory for one more event")
            trades.append((buy_id, sell_id, lots, buy_left, sell_left))
        self.last_price = price
        if self.stop_count:
            self.notice(price, price)
        self.give_back()
        return price, volume, trades

    cdef list crossing(self, int64_t side):
        """(price, lots) of the levels that reach the other side's best, best first."""
        cdef Side *own = self.side_of(side)
        cdef int32_t slot = own.best, other = self.side_of(-side).best
        cdef Level *level
        cdef list levels = []
        while slot != NONE and other != NONE:
            level = &self.level_slots[slot]
            if side * (level.price - self.level_slots[other].price) < 0:
                break
            levels.append((level.price, level.quantity + level.hidden))
            slot = next_level(own, self.level_slots, slot)
        return levels

    # ---- flows ------------------------------------------------------------------------------------------------------

    def replay(self, kinds, sides, prices, quantities, ids, *, bint fills=True):
        """Work through a flow: kind 0 is a limit order, 1 a cancel by id, 2 a market order at any price."""
        cdef const int64_t[:] kind = column(kinds), side = column(sides), price = column(prices)
        cdef const int64_t[:] quantity = column(quantities), order_id = column(ids)
        cdef int64_t bad, seen = 0
        cdef uint64_t traded = 0, bids, asks
        cdef Fill *rows
        if not kind.shape[0] == side.shape[0] == price.shape[0] == quantity.shape[0] == order_id.shape[0]:
            raise ValueError("the columns of a flow differ in length")
        bids, asks = self.held(1), self.held(-1)
        with nogil:
            bad = NONE
            if not self.is_sound(kind, side, price, quantity, order_id, bids + asks):
                bad = self.first_bad_row(kind, side, price, quantity, order_id, bids, asks)
        if bad >= 0:
            self.refuse_row(bad, kind[bad], side[bad], price[bad], quantity[bad], order_id[bad])
        self.require_matching()
        self.begin()
        self.orphan_count = 0
        if fills and kind.shape[0] > MANY and kind.shape[0] > self.fill_capacity:
            # Room for as many fills as rows: pages that no fill reaches cost nothing.
            rows = <Fill *>reserve(kind.shape[0] * sizeof(Fill))
            if rows != NULL:
                self.drop_fills()
                self.fills = rows
                self.fill_capacity = kind.shape[0]
        with nogil:
            bad = self.run(kind, side, price, quantity, order_id, fills, &seen, &traded)
        if bad < 0:
            self.drop_fills()
            raise MemoryError("no memory for a flow")
        rows = self.fills
        self.fills = NULL
        self.fill_capacity = self.fill_count = 0
        if fills:
            return seen, traded, rows_of(rows, seen, 4)
        free(rows)
        return seen, traded, None

    cdef int64_t held(self, int64_t side) except -1:
        """Lots that rest on a side and those that stops may bring, or one more than may rest there."""
        cdef object lots = self.lots_of(side)[0]
        for stop in self.waiting if self.stop_count else ():
            if stop.rests and stop.side == side:
                lots += stop.quantity
        return min(lots, MAXIMUM + 1)

    cdef bint is_sound(self, const int64_t[:] kinds, const int64_t[:] sides, const int64_t[:] prices,
                       const int64_t[:] quantities, const int64_t[:] ids, uint64_t held) noexcept nogil:
        """Whether all rows can surely be worked through: every check leaves bits, which are looked at once."""
        cdef uint64_t high = held, odd = 0, kind, quantity, order_id, next_id = self.last_id + 1, orders, limits
        cdef int64_t at
        for at in range(kinds.shape[0]):
            kind, quantity, order_id = <uint64_t>kinds[at], <uint64_t>quantities[at], <uint64_t>ids[at]
            orders = (kind & FLOW_CANCEL) - 1
            limits = 0 - ((kind - 1) >> 63)
            odd |= (kind & ~<uint64_t>3) | (kind & (kind >> 1)) | ((<uint64_t>sides[at] + 1) & ~<uint64_t>2 & orders)
            held += quantity & limits
            high |= held | ((quantity - 1) | order_id | (order_id - next_id)) & orders | (<uint64_t>prices[at] - 1) & limits
            next_id += (order_id + 1 - next_id) & orders
        return odd == 0 and high >> 62 == 0

    cdef int64_t first_bad_row(self, const int64_t[:] kinds, const int64_t[:] sides, const int64_t[:] prices,
                               const int64_t[:] quantities, const int64_t[:] ids, uint64_t bids,
                               uint64_t asks) noexcept nogil:
        """The first row that cannot be worked through, or NONE."""
        cdef int64_t at, next_id = self.last_id + 1
        cdef uint64_t top = MAXIMUM
        for at in range(kinds.shape[0]):
            if kinds[at] == FLOW_CANCEL:
                continue
            if kinds[at] != FLOW_LIMIT and kinds[at] != FLOW_MARKET or sides[at] != 1 and sides[at] != -1:
                return at
            if not 1 <= quantities[at] <= MAXIMUM or kinds[at] == FLOW_LIMIT and not 1 <= prices[at] <= MAXIMUM:
                return at
            if kinds[at] == FLOW_LIMIT and sides[at] == 1:
                bids += <uint64_t>quantities[at]
            elif kinds[at] == FLOW_LIMIT:
                asks += <uint64_t>quantities[at]
            if bids > top or asks > top or not next_id <= ids[at] < MAXIMUM:
                return at
            next_id = ids[at] + 1
        return NONE

    cdef int refuse_row(self, int64_t number, int64_t kind, int64_t side, int64_t price, int64_t quantity,
                        int64_t order_id) except -1:
        if kind not in (FLOW_LIMIT, FLOW_MARKET) or side not in (1, -1):
            raise ValueError(f"row {number} has kind {kind} and side {side}")
        if not 1 <= quantity <= MAXIMUM or (kind == FLOW_LIMIT and not 1 <= price <= MAXIMUM):
            raise OutOfRange(f"row {number}: price {price} or quantity {quantity} is outside 1..{MAXIMUM}")
        raise OutOfRange(
            f"row {number}: id {order_id} does not follow the ids before it below {MAXIMUM}, "
            f"or a side could hold more than {MAXIMUM} lots"
        )

    cdef int64_t run(self, const int64_t[:] kinds, const int64_t[:] sides, const int64_t[:] prices,
                     const int64_t[:] quantities, const int64_t[:] ids, bint keep, int64_t *seen,
                     uint64_t *traded) noexcept nogil:
        """Work through rows that were checked: 0, or -1 if memory ran out."""
        cdef int64_t count = kinds.shape[0], at, left, side, order_id, start, kind
        cdef uint64_t lots = 0
        cdef int32_t slot
        for at in range(count):
            kind, order_id = kinds[at], ids[at]
            if kind == FLOW_CANCEL:
                slot = self.find(order_id) if order_id > 0 else NONE
                if slot == NONE:
                    self.orphan_count += 1
                elif not self.remove(slot):
                    return -1
                self.give_back()
                continue
            start, side = self.fill_count, sides[at]
            self.last_id = order_id
            if kind == FLOW_LIMIT:
                left = self.submit(order_id, side, prices[at], quantities[at], order_id)
            else:
                left = self.match(side, MAXIMUM if side > 0 else 1, quantities[at], order_id, 0, 0)
                self.give_back()
            if rare(left < 0):
                return -1
            lots += quantities[at] - left
            if rare(self.stop_count != 0) and self.stirs(start) and not self.settle(start, &lots):
                return -1
            if not keep:
                seen[0] += self.fill_count
                self.fill_count = 0
        seen[0] += self.fill_count
        traded[0] = lots
        return 0

    cdef bint stirs(self, int64_t start) noexcept nogil:
        """Whether a stop is due, or the fills from `start` on set one off."""
        cdef int64_t first, last
        if self.due_count or self.fill_count == start:
            return self.due_count > 0
        first, last = self.fills[start].price, self.fills[self.fill_count - 1].price
        return (first >= self.buy_trigger or last >= self.buy_trigger
                or first <= self.sell_trigger or last <= self.sell_trigger)

    cdef bint settle(self, int64_t start, uint64_t *lots) noexcept with gil:
        """Work off the stops that a row of a flow set off; False if memory ran out."""
        cdef int64_t end = self.fill_count, at
        try:
            if end > start:
                self.notice(self.fills[start].price, self.fills[end - 1].price)
            if self.due_count:
                self.work_off(keep=True)
        except MemoryError:
            return False
        for at in range(end, self.fill_count):
            lots[0] += <uint64_t>self.fills[at].quantity
        return True

    def events(self, bint recording):
        """Begin to write the event feed, or end it and forget what was not drained."""
        free(self.log)
        self.log = NULL
        self.log_capacity = self.log_count = 0
        self.recording = recording
        if recording:
            for order_id, side, price, shown in self.displayed():
                if not self.note(ADD, order_id, side, price, shown):
                    raise MemoryError("no memory for one more event")

    def drain(self):
        """Rows of the event feed since the last drain: int64 (sequence, kind, id, side, price, lots)."""
        cdef Event *rows = self.log
        cdef int64_t count = self.log_count
        self.log = NULL
        self.log_capacity = self.log_count = 0
        return rows_of(rows, count, 6)

    # ---- checks -----------------------------------------------------------------------------------------------------

    cdef inline int require_matching(self) except -1:
        if rare(self.collects):
            raise Collecting("orders are collected for an auction: none trades at once, and none can promise not to")
        return 0

    cdef int require_time_left(self, int64_t expiry) except -1:
        if 0 < expiry <= self.now_ns:
            raise AlreadyExpired(f"expiry {expiry} is not after {self.now_ns} ns")
        return 0

    cdef int refuse_room(self, int64_t side, int64_t lots) except -1:
        raise OutOfRange(f"side would hold {<object>self.lots_of(side)[0] + <object>lots} lots, more than {MAXIMUM}")

    cdef int64_t posted_price(self, int64_t side, int64_t price, bint slide) except -1:
        """The price at which an order does not trade at once."""
        cdef int32_t slot = self.side_of(-side).best
        cdef int64_t best
        if slot == NONE:
            return price
        best = self.level_slots[slot].price
        if side * (best - price) > 0:
            return price
        if slide and 1 <= best - side <= MAXIMUM:
            return best - side
        raise WouldCross(f"post-only order at {price} ticks would meet {best}")

    cdef list reach(self, int64_t side, int64_t left, int64_t limit, int64_t owner, int64_t stp):
        """(price, lots) by level of `side` that a taker of up to `left` lots would trade."""
        cdef Side *other = self.side_of(side)
        cdef int32_t slot = other.best
        cdef Level *level
        cdef int64_t lots
        cdef list taken = []
        if not stp or not self.special_count:
            owner = 0
        while slot != NONE and left:
            level = &self.level_slots[slot]
            if side * (level.price - limit) < 0:
                break
            if owner and self.holds(level, owner):
                lots, left = self.reach_own(level, left, owner, stp)
            else:
                lots = level.quantity + level.hidden
                lots = left if left < lots else lots
                left -= lots
            if lots:
                taken.append((level.price, lots))
            slot = next_level(other, self.level_slots, slot)
        return taken

    cdef bint holds(self, Level *level, int64_t owner) noexcept nogil:
        """Whether an owner has an order at this level."""
        cdef int32_t slot = level.head
        while slot != NONE:
            if self.owner_of(slot) == owner:
                return True
            slot = self.order_slots[slot].next
        return False

    cdef tuple reach_own(self, Level *level, int64_t left, int64_t owner, int64_t stp):
        """(lots that a taker would trade at a level where it has orders, lots it would still want)."""
        cdef int64_t traded = 0, lots, shown, hidden, display
        cdef int32_t slot = level.head
        cdef bint own
        queue = deque()
        while slot != NONE:
            display = self.terms[slot].display if self.order_slots[slot].flags & SPECIAL else 0
            queue.append((self.owner_of(slot) == owner, self.order_slots[slot].remaining, self.hidden_of(slot), display))
            slot = self.order_slots[slot].next
        while left and queue:
            own, shown, hidden, display = queue.popleft()
            if own and stp == CANCEL_MAKER:
                continue
            if own and stp != DECREMENT:
                return traded, 0
            lots = min(left, shown)
            left -= lots
            traded += 0 if own else lots
            if hidden:
                queue.append((own, min(display, hidden), hidden - min(display, hidden), display))
        return traded, left

    # ---- questions --------------------------------------------------------------------------------------------------

    def best_bid(self):
        """Highest price bid, in ticks; None without bids."""
        return None if self.bids.best == NONE else self.level_slots[self.bids.best].price

    def best_ask(self):
        """Lowest price asked, in ticks; None without asks."""
        return None if self.asks.best == NONE else self.level_slots[self.asks.best].price

    def depth(self, side, levels):
        """Up to `levels` best levels of `side` as (price, lots, orders), best first."""
        cdef Side *own = self.side_of(one_side(side))
        cdef int overflow = 0
        cdef int64_t left = PyLong_AsLongLongAndOverflow(levels, &overflow)
        cdef int32_t slot = own.best
        cdef Level *level
        cdef list result = []
        if overflow > 0:
            left = MAXIMUM
        while slot != NONE and left > 0:
            level = &self.level_slots[slot]
            result.append((level.price, level.quantity, level.count))
            left -= 1
            slot = next_level(own, self.level_slots, slot)
        return result

    def volume(self, side):
        """All lots resting on `side`."""
        return self.lots_of(one_side(side))[0]

    def volume_within(self, side, price_limit):
        """Lots resting on `side` at `price_limit` or better for whoever takes them."""
        cdef int64_t sign = one_side(side), limit = within(price_limit, "price", "ticks"), total = 0
        cdef Side *own = self.side_of(sign)
        cdef int32_t slot = own.best
        while slot != NONE and sign * self.level_slots[slot].price >= sign * limit:
            total += self.level_slots[slot].quantity
            slot = next_level(own, self.level_slots, slot)
        return total

    def cost_within(self, side, price_limit):
        """(lots, sum of price x lots) resting on `side` at `price_limit` or better for whoever takes them."""
        cdef int64_t sign = one_side(side), limit = within(price_limit, "price", "ticks"), lots = 0, small = 0
        cdef object large = 0
        cdef Side *own = self.side_of(sign)
        cdef int32_t slot = own.best
        cdef Level *level
        while slot != NONE and sign * self.level_slots[slot].price >= sign * limit:
            level = &self.level_slots[slot]
            lots += level.quantity
            # A product may need 124 bits: only what surely fits into 62 is added in C.
            if (level.quantity | level.price) >> 31:
                large += <object>level.quantity * <object>level.price
            else:
                small += level.quantity * level.price
                if small >> 62:
                    large += small
                    small = 0
            slot = next_level(own, self.level_slots, slot)
        return lots, large + small

    def fill_cost(self, side, quantity, *, collar_price=None, owner=0, stp=0):
        """What a taker of `side` would get, as (price, lots) by level, best first; changes nothing."""
        cdef int64_t sign = one_side(side), left = within(quantity, "quantity", "lots")
        cdef int64_t collar = MAXIMUM if sign > 0 else 1
        if collar_price is not None:
            collar = within(collar_price, "price", "ticks")
        return self.reach(-sign, left, collar, ranged(owner, "owner", "", 0, MAXIMUM), mode_of(stp))

    def order(self, order_id):
        """(side, price, remaining lots) of a resting order."""
        cdef int32_t slot = self.slot_or_refuse(order_id)
        cdef Order *order = &self.order_slots[slot]
        cdef Level *level = &self.level_slots[order.level]
        return level.side, level.price, order.remaining + self.hidden_of(slot)

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
        return self.listed(True)

    def displayed(self):
        """As `orders`, with the lots each shows: what the event feed tells."""
        return self.listed(False)

    cdef list listed(self, bint whole):
        cdef list result = []
        cdef int32_t slot, level_slot, which
        cdef Side *side
        cdef Level *level
        cdef Order *order
        for which in range(2):
            side = &self.asks if which else &self.bids
            level_slot = side.best
            while level_slot != NONE:
                level = &self.level_slots[level_slot]
                slot = level.head
                while slot != NONE:
                    order = &self.order_slots[slot]
                    result.append((order.order_id, level.side, level.price,
                                   order.remaining + (self.hidden_of(slot) if whole else 0)))
                    slot = order.next
                level_slot = next_level(side, self.level_slots, level_slot)
        return result

    def __iter__(self):
        return iter(self.orders())

    def __len__(self):
        return self.order_count

    def __contains__(self, order_id):
        return isinstance(order_id, int) and 0 < order_id <= self.last_id and self.find(order_id) != NONE

    def stops(self):
        """Every stop as (id, side, trigger, lots, source): those waiting by id, then those due as they stand in line."""
        return [(stop.order_id, stop.side, stop.trigger, stop.quantity, stop.source) for stop in self.waiting]

    def prevented(self):
        """What the last verb took off resting orders so that no owner traded with itself."""
        return list(self.prevented_list)

    def triggered(self):
        """The stops that the last verb worked off, in order."""
        return list(self.triggered_list)

    @property
    def halted(self):
        """Whether stops are still due for the next verb, because one works off at most `MAXIMUM_CASCADE`."""
        return self.due_count > 0 and not self.collects

    @property
    def orphans(self):
        """Cancels of the last replay that named no resting order."""
        return self.orphan_count

    @property
    def last(self):
        """Price of the last trade, in ticks; 0 before the first."""
        return self.last_price

    @property
    def mark_price(self):
        """The mark as last told, in ticks; 0 before."""
        return self.mark_ticks

    @property
    def now(self):
        """The time as last told by `expire`; 0 before."""
        return self.now_ns

    @property
    def collecting(self):
        """Whether orders are collected for an auction and nothing matches."""
        return bool(self.collects)

    @property
    def next_id(self):
        """The id that the next order to rest, or the next stop, will get."""
        return self.last_id + 1

    def state_bytes(self):
        """The state that decides all later answers, as native 64-bit ints; see the twin."""
        cdef list words = [self.last_id + 1]
        for order in self.listed(True):
            words += order
        return np.array(words + self.further_words(), np.int64).tobytes()

    cdef list further_words(self):
        cdef list special = [], words
        cdef int32_t slot
        for order_id, _, _, shown in self.listed(False) if self.special_count else ():
            slot = self.find(order_id)
            if self.order_slots[slot].flags & SPECIAL:
                special += (order_id, self.terms[slot].owner, self.terms[slot].display, shown, self.terms[slot].expiry)
        ends = (self.mark_ticks, self.now_ns, int(self.collects))
        if not special and not self.stop_count and not any(ends):
            return []
        words = [0, len(special) // 5, *special, len(self.waiting.waiting), len(self.waiting.due)]
        for stop in self.waiting:
            words += stop.words()
        return [*words, *ends]

    def check(self):
        """Raise RuntimeError if an invariant is broken: sums, order of levels, no crossing, links, memory."""
        bid, ask = self.best_bid(), self.best_ask()
        if bid is not None and ask is not None and bid >= ask and not self.collects:
            raise RuntimeError(f"book is crossed: bid {bid}, ask {ask}")
        seen = self.check_side(&self.bids, 1) + self.check_side(&self.asks, -1)
        if seen != self.order_count:
            raise RuntimeError(f"{seen} orders rest, {self.order_count} are known by id")
        if any([self.find(stop.order_id) != NONE for stop in self.waiting]):
            raise RuntimeError("a stop rests and waits at once")
        self.check_memory()

    cdef int64_t check_side(self, Side *side, int64_t sign) except -1:
        cdef int32_t slot = side.best
        cdef int64_t last = MAXIMUM + 1, quantity = 0, seen = 0, levels = 0
        cdef Level *level
        if slot != level_below(side, self.level_slots, MAXIMUM + 1):
            raise RuntimeError("the best level is another")
        while slot != NONE:
            level = &self.level_slots[slot]
            if sign * level.price >= last or level.side != sign or level_of(side, sign * level.price) != slot:
                raise RuntimeError("levels are out of order")
            last = sign * level.price
            quantity += level.quantity + level.hidden
            seen += self.check_level(slot)
            levels += 1
            slot = next_level(side, self.level_slots, slot)
        if quantity != self.lots_of(sign)[0] or levels != side.count:
            raise RuntimeError("a side's lots are not the sum of its levels")
        return seen

    cdef int64_t check_level(self, int32_t level_slot) except -1:
        cdef Level *level = &self.level_slots[level_slot]
        cdef int32_t slot = level.head, previous = NONE
        cdef int64_t quantity = 0, hidden = 0, seen = 0, display
        cdef Order *order
        while slot != NONE:
            order = &self.order_slots[slot]
            if order.level != level_slot or order.previous != previous or order.remaining <= 0 \
                    or not 0 < order.order_id <= self.last_id or self.find(order.order_id) != slot:
                raise RuntimeError(f"order {order.order_id} is not what its level says")
            display = self.terms[slot].display if order.flags & SPECIAL else 0
            if (display and order.remaining > display) or self.hidden_of(slot) < 0 \
                    or (self.hidden_of(slot) and not display):
                raise RuntimeError(f"order {order.order_id} shows other lots than it should")
            quantity += order.remaining
            hidden += self.hidden_of(slot)
            seen += 1
            previous = slot
            slot = order.next
        if seen == 0 or seen != level.count or quantity != level.quantity or hidden != level.hidden \
                or previous != level.tail:
            raise RuntimeError(f"lots at {level.price} are not the sum of its orders")
        return seen

    cdef int check_memory(self) except -1:
        """Every slot ever used is either live or on its free list, and the old ids belong to live orders."""
        cdef int64_t free_orders = 0, free_levels = 0, entries = 0, at, old = 0, special = 0
        cdef int32_t slot = self.order_free
        while slot != NONE:
            free_orders += 1
            slot = self.order_slots[slot].next
        slot = self.level_free
        while slot != NONE:
            free_levels += 1
            slot = self.level_slots[slot].tail
        for at in range(self.old_capacity):
            entries += self.old_slots[at] != NONE
        for at in range(self.order_used):
            if self.order_slots[at].order_id:
                old += (self.order_slots[at].flags & OLD) != 0
                special += (self.order_slots[at].flags & SPECIAL) != 0
        if free_orders + self.order_count != self.order_used or free_levels + self.level_count != self.level_used \
                or entries != self.old_count or entries != old or special != self.special_count:
            raise RuntimeError("a slot is lost or used twice")
        return 0

    @property
    def memory_bytes(self):
        """Bytes held for orders, levels and ids."""
        return (self.order_capacity * <int64_t>(sizeof(Order) + (sizeof(Terms) if self.terms != NULL else 0))
                + self.log_capacity * <int64_t>sizeof(Event) + self.level_capacity * <int64_t>sizeof(Level)
                + (self.ring_mask + 1 + self.old_capacity) * <int64_t>sizeof(int32_t)
                + side_bytes(&self.bids) + side_bytes(&self.asks) + self.fill_capacity * <int64_t>sizeof(Fill))


cdef inline int64_t one_side(object side) except 0:
    cdef int overflow = 0
    cdef int64_t sign = PyLong_AsLongLongAndOverflow(side, &overflow)
    if rare(overflow or (sign != 1 and sign != -1)):
        raise ValueError(f"side is {BUY} (buy) or {SELL} (sell), not {side}")
    return sign


cdef inline int64_t within(object value, str what, str unit) except 0:
    """An int that `value` stands for, in 1..2^62."""
    cdef int overflow = 0
    cdef int64_t whole = PyLong_AsLongLongAndOverflow(value, &overflow)
    if rare(overflow or whole < 1 or whole > MAXIMUM):
        raise OutOfRange(f"{what} {index(value)} is outside 1..{MAXIMUM} {unit}")
    return whole


cdef int64_t ranged(object value, str what, str unit, int64_t minimum, int64_t maximum) except -1:
    """An int that `value` stands for, in minimum..maximum."""
    cdef int overflow = 0
    cdef int64_t whole = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow or whole < minimum or whole > maximum:
        raise OutOfRange(f"{what} {index(value)} is outside {minimum}..{maximum} {unit}".rstrip())
    return whole


cdef int64_t mode_of(object stp) except -1:
    """A mode of self-trade prevention."""
    mode = index(stp)
    if not STP_NONE <= mode <= DECREMENT:
        raise ValueError(f"self-trade prevention is a mode {STP_NONE}..{DECREMENT}, not {mode}")
    return mode


cdef object column(object values):
    """A flow's column as int64; ints beyond become the nearest, which are out of every range too."""
    array = np.asarray(values)
    if array.dtype == np.int64:
        return array
    if array.size and array.dtype.kind not in "iu":
        array = np.array([min(max(index(value), -(2**63)), 2**63 - 1) for value in values], np.int64)
    if array.dtype.kind == "u":
        array = np.minimum(array, 2**63 - 1)
    return array.astype(np.int64)


cdef object uniform_price(list bids, list asks, object reference):
    """(price, lots) at which crossing levels, best first, clear; None without any. See `book_auction_twin`."""
    cdef list prices, demand = [], supply = []
    if not bids or not asks:
        return None
    low, high = asks[0][0], bids[0][0]
    ends = {low, high}
    for price, _ in bids:
        ends.update((price, price + 1))
    for price, _ in asks:
        ends.update((price - 1, price))
    prices = sorted([price for price in ends if low <= price <= high])
    wanted, at = sum([lots for _, lots in bids]), len(bids) - 1
    offered, over = 0, 0
    for price in prices:
        while at >= 0 and bids[at][0] < price:
            wanted -= bids[at][1]
            at -= 1
        while over < len(asks) and asks[over][0] <= price:
            offered += asks[over][1]
            over += 1
        demand.append(wanted)
        supply.append(offered)
    volume = max([min(wanted, offered) for wanted, offered in zip(demand, supply)])
    surplus = min([abs(wanted - offered) for wanted, offered in zip(demand, supply) if min(wanted, offered) == volume])
    best = [
        (price, wanted - offered) for price, wanted, offered in zip(prices, demand, supply)
        if min(wanted, offered) == volume and abs(wanted - offered) == surplus
    ]
    if all([pressure > 0 for _, pressure in best]):
        return best[len(best) - 1][0], volume
    if all([pressure < 0 for _, pressure in best]):
        return best[0][0], volume
    low = max([price for price, pressure in best if pressure > 0] or [best[0][0]])
    high = min([price for price, pressure in best if pressure < 0] or [best[len(best) - 1][0]])
    return min(max(reference, low), high), volume
