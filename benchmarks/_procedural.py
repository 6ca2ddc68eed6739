KINDS=("chair",)
def procedural(kind, seed): raise NotImplementedError
