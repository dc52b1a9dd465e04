from shoal.ext.book_kernel_twin import BUY as BUY
from shoal.ext.book_kernel_twin import SELL as SELL
from shoal.ext.book_kernel_twin import Book as Book
