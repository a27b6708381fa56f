"""Places that were found in planes and that nobody has judged yet."""

from __future__ import annotations

from napari_segloop.core.regions import Region

Key = tuple[int, tuple[int, ...]]


class Places(dict[Key, list[Region]]):
    """Places by plane."""

    def drop(self, key: Key, region: Region) -> None:
        """Drop a place that was judged, so that later queues do not offer it again.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        region : Region
            The place.
        """
        self[key] = [each for each in self.get(key, []) if each != region]

    def offer(self, key: Key, region: Region) -> None:
        """Offer a place again.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        region : Region
            The place.
        """
        self.drop(key, region)
        self[key].append(region)
