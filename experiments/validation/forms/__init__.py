"""One closed form a module: one public class that subclasses ``ClosedForm``."""
