"""What the server can do."""

from polycue.api.v1 import catalog_pb2, media_pb2
from polycue_client.methods.caller import Caller


class Catalog(Caller):
    async def server_info(self) -> catalog_pb2.GetServerInfoResponse:
        return await self._ask(self._catalog.GetServerInfo, catalog_pb2.GetServerInfoRequest())

    async def models(self) -> list[catalog_pb2.Model]:
        """The recognisers that are installed."""
        pages = self._pages(self._catalog.ListModels, catalog_pb2.ListModelsRequest())
        return [model async for page in pages for model in page.models]

    async def pairs(
        self, *, source: str = "", target: str = ""
    ) -> list[catalog_pb2.TranslationPair]:
        """The directions that can be translated, from ``source`` and to ``target`` if given."""
        request = catalog_pb2.ListTranslationPairsRequest(
            source_language_code=source, target_language_code=target
        )
        pages = self._pages(self._catalog.ListTranslationPairs, request)
        return [pair async for page in pages for pair in page.pairs]

    async def presets(
        self, *, language: str = "", children: bool = False, hearing_impaired: bool = False
    ) -> list[catalog_pb2.Preset]:
        """The presets for cues, with their numbers for one language and kind of programme."""
        request = catalog_pb2.ListPresetsRequest(
            language_code=language,
            audience=media_pb2.AUDIENCE_CHILDREN if children else media_pb2.AUDIENCE_ADULT,
            hearing_impaired=hearing_impaired,
        )
        return list((await self._ask(self._catalog.ListPresets, request)).presets)
