"""The minor versions of the Status API. A released module is frozen: later wishes become a new release."""

from milepost.http.releases import Releases
from milepost.surfaces.status_api.versions import v1_0, v1_1, v1_2, v1_3, v1_4, v1_5

RELEASES = Releases((v1_0.RELEASE, v1_1.RELEASE, v1_2.RELEASE, v1_3.RELEASE, v1_4.RELEASE, v1_5.RELEASE))
