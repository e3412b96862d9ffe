"""What draws thumbnails: it runs in processes of its own, and Pillow is imported nowhere else."""
