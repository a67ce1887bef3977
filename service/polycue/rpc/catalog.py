"""CatalogService."""

from collections.abc import Callable, Sequence

from polycue.api.v1 import catalog_pb2 as pb
from polycue.api.v1 import catalog_pb2_grpc as pb_grpc
from polycue.cues.presets import preset_names
from polycue.domain.language import UNDETERMINED
from polycue.domain.limits import TenantLimits
from polycue.domain.request import LayoutOptions
from polycue.jobs.lane import Lane
from polycue.rpc import pages, tenant
from polycue.rpc.convert import catalog as convert
from polycue.rpc.convert import fields, layout
from polycue.rpc.guard import Context
from polycue.rpc.installed import Installed
from polycue.rpc.limits import Limits


class CatalogService(pb_grpc.CatalogServiceServicer):
    """``lane`` is for what looks into folders; ``features`` are those of these settings."""

    def __init__(
        self,
        installed: Installed,
        limits: Limits,
        limits_of: Callable[[str], TenantLimits],
        lane: Lane,
        *,
        version: str,
        features: Sequence[str] = (),
    ) -> None:
        self._installed, self._limits, self._limits_of = installed, limits, limits_of
        self._lane, self._version, self._features = lane, version, features

    async def ListModels(
        self, request: pb.ListModelsRequest, context: Context
    ) -> pb.ListModelsResponse:
        size = pages.page_size(request.page_size)
        models = await self._lane(self._installed.models)
        shown, token = pages.page(models, request, size, request.page_token)
        return pb.ListModelsResponse(
            models=[convert.model(model) for model in shown], next_page_token=token
        )

    async def ListTranslationPairs(
        self, request: pb.ListTranslationPairsRequest, context: Context
    ) -> pb.ListTranslationPairsResponse:
        size = pages.page_size(request.page_size)
        source = fields.optional_language(request.source_language_code, "source_language_code")
        target = fields.optional_language(request.target_language_code, "target_language_code")
        pairs = [
            route
            for route in await self._lane(self._installed.pairs)
            if source in {"", route[0]} and target in {"", route[-1]}
        ]
        shown, token = pages.page(pairs, request, size, request.page_token)
        return pb.ListTranslationPairsResponse(
            pairs=[convert.pair(route) for route in shown], next_page_token=token
        )

    async def ListPresets(
        self, request: pb.ListPresetsRequest, context: Context
    ) -> pb.ListPresetsResponse:
        language = fields.optional_language(request.language_code, "language_code")
        audience = layout.audience(request.audience, "audience")
        wishes = (
            LayoutOptions(name, audience=audience, hearing_impaired=request.hearing_impaired)
            for name in preset_names()
        )
        return pb.ListPresetsResponse(
            presets=[convert.preset(wish, language or UNDETERMINED) for wish in wishes]
        )

    async def GetServerInfo(
        self, request: pb.GetServerInfoRequest, context: Context
    ) -> pb.GetServerInfoResponse:
        return pb.GetServerInfoResponse(
            version=self._version,
            limits=convert.limits(self._limits, self._limits_of(tenant.current())),
            features=sorted((*convert.FEATURES, *self._features)),
            device=self._installed.device,
        )
