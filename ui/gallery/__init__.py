"""The gallery: what people look at, and the calls with which its pages ask and act."""
