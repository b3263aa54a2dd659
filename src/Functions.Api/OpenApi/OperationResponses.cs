using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.OpenApi;

/// <summary>What an operation answers: its success, and a problem for each status that its error codes have.</summary>
internal sealed class OperationResponses
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    private readonly OpenApiDocument _document;
    private readonly SchemaCatalog _schemas;
    private readonly SortedDictionary<string, IOpenApiResponse> _problems = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, IOpenApiExample> _examples = new(StringComparer.Ordinal);

    public OperationResponses(OpenApiDocument document, SchemaCatalog schemas)
    {
        (_document, _schemas) = (document, schemas);
        (document.Components!.Responses, document.Components.Examples) = (_problems, _examples);
    }

    public OpenApiResponses Of(Contract contract)
    {
        var responses = new OpenApiResponses();
        foreach (var status in new[] { contract.Operation.Status, contract.Operation.AlternativeStatus }.Where(status => status != 0))
            responses[$"{status}"] = Success(contract, status);
        if (contract is { IsVersioned: true, Method: "GET" })
            responses["304"] = new OpenApiResponse { Description = "The version in `If-None-Match` is the current one.", Headers = Headers(("ETag", "Current version.")) };
        foreach (var codes in contract.Problems.GroupBy(code => code.Status))
            responses.TryAdd($"{codes.Key}", Problems([.. codes]));
        return responses;
    }

    private OpenApiResponse Success(Contract contract, int status)
    {
        var described = contract.Operation;
        var headers = new List<(string, string)>();
        if (status is 201 or 202 && described.Returns is not null)
            headers.Add(("Location", "Address at which the result can be read."));
        if (status == 302)
            headers.Add(("Location", "Address to go to."));
        if (contract.IsVersioned && described.Returns is not null)
            headers.Add(("ETag", "Version of the resource, for `If-Match` and `If-None-Match`."));
        if (contract.IsIdempotent)
            headers.Add(("Idempotency-Replayed", "`true` when this is the stored answer to an earlier request with the same `Idempotency-Key`."));
        return new OpenApiResponse
        {
            Description = described switch
            {
                _ when status == 302 => "What was asked for is at another address.",
                { Returns: null } => "Done. The answer has no body.",
                { IsList: true } => "A page of the list.",
                _ when status == 201 => "Created.",
                _ when status == 202 => "Accepted. The work continues after the answer.",
                _ => "Success.",
            },
            Headers = headers.Count > 0 ? Headers([.. headers]) : null,
            Content = described.Returns is { } returns ? Content(described, returns) : null,
        };
    }

    private Dictionary<string, IOpenApiMediaType> Content(OperationAttribute described, Type returns)
    {
        var content = new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal) { [described.ReturnsType] = new OpenApiMediaType { Schema = _schemas.Of(returns, isBody: false) } };
        foreach (var type in described.TextTypes)
            content[type] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String }, Example = described.TextExample };
        return content;
    }

    /// <summary>One response for each set of codes, shared by all operations that have it.</summary>
    private OpenApiResponseReference Problems(IReadOnlyList<ErrorCode> codes)
    {
        var name = string.Join('-', codes.Select(code => code.Code));
        if (!_problems.ContainsKey(name))
            _document.AddComponent<IOpenApiResponse>(name, ProblemResponse(codes));
        return new OpenApiResponseReference(name, _document);
    }

    private OpenApiResponse ProblemResponse(IReadOnlyList<ErrorCode> codes)
    {
        foreach (var code in codes.Where(code => !_examples.ContainsKey(code.Code)))
            _document.AddComponent<IOpenApiExample>(code.Code, new OpenApiExample
            {
                Summary = code.Title, Value = JsonSerializer.SerializeToNode(Problem.Of(new ProblemException(code), TraceId), ApiJson.Options),
            });
        var oneOfThem = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. codes.Select(code => (JsonNode)code.Code)] };
        return new OpenApiResponse
        {
            Description = string.Join('\n', codes.Select(code => $"- `{code.Code}`: {code.Title}")),
            Headers = codes[0].Status switch
            {
                401 => Headers(("WWW-Authenticate", "`Bearer`.")),
                429 or 503 => Headers(("Retry-After", "Seconds to wait before the next try.")),
                _ => null,
            },
            Content = new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal)
            {
                [Problem.ContentType] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema
                    {
                        AllOf = [_schemas.Of(typeof(Problem), isBody: false), new OpenApiSchema { Type = JsonSchemaType.Object, Properties = new Dictionary<string, IOpenApiSchema> { ["code"] = oneOfThem } }],
                    },
                    Examples = codes.ToDictionary(code => code.Code, IOpenApiExample (code) => new OpenApiExampleReference(code.Code, _document)),
                },
            },
        };
    }

    private static Dictionary<string, IOpenApiHeader> Headers(params ReadOnlySpan<(string Name, string Description)> headers)
    {
        var all = new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
        foreach (var (name, description) in headers)
            all[name] = new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        return all;
    }
}
