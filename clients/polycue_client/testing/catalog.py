"""What the scripted server says it can do."""

import grpc

from polycue.api.v1 import catalog_pb2, catalog_pb2_grpc
from polycue_client.testing.answers import Answers, page


class CatalogAnswers(Answers, catalog_pb2_grpc.CatalogServiceServicer):
    def GetServerInfo(
        self, request: catalog_pb2.GetServerInfoRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.GetServerInfoResponse:
        self._begin("GetServerInfo", request, context)
        return catalog_pb2.GetServerInfoResponse(version="0.0.0", limits=self._scripted.limits)

    def ListModels(
        self, request: catalog_pb2.ListModelsRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.ListModelsResponse:
        self._begin("ListModels", request, context)
        models, token = page(self._scripted.models, request.page_token)
        return catalog_pb2.ListModelsResponse(models=models, next_page_token=token)

    def ListTranslationPairs(
        self, request: catalog_pb2.ListTranslationPairsRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.ListTranslationPairsResponse:
        self._begin("ListTranslationPairs", request, context)
        pairs, token = page(self._scripted.pairs, request.page_token)
        return catalog_pb2.ListTranslationPairsResponse(pairs=pairs, next_page_token=token)

    def ListPresets(
        self, request: catalog_pb2.ListPresetsRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.ListPresetsResponse:
        self._begin("ListPresets", request, context)
        return catalog_pb2.ListPresetsResponse(presets=[catalog_pb2.Preset(name="netflix")])
