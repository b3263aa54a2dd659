using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.OpenApi;

/// <summary>
/// The OpenAPI 3.1 document, made from the functions themselves: routes and methods from their triggers, who may call
/// from their access attribute, the rest from <see cref="OperationAttribute"/> and <see cref="QueryAttribute"/>.
/// </summary>
public sealed class OpenApiDocument
{
    private const string About =
        """
        Upload images, publish dataset versions, train, export and serve models.

        **Sign in** with `POST /api/v1/auth/login` and send `Authorization: Bearer …`.

        **Failures** are RFC 9457 problems with `code` (what a program looks at), `category` (`user`: change the request; `transient`: try again; `permanent`: tell an operator), `suggestedAction`, `traceId` and, when fields are at fault, `errors` by field. Bodies that break a rule answer 422, query parameters and headers 400.

        **Lists** take `limit` (1 to 200), `cursor` (`nextCursor` of the page before) and `sort` (`name`, descending `-name`).

        **Changes** of what was read with an `ETag` may name it in `If-Match`: another version answers 412 with the current one. Without `If-Match` the last writer wins. `If-None-Match` on a GET answers 304.

        **Creating** takes an `Idempotency-Key` (a UUID): the same request again within 24 hours makes nothing and is answered the same, with `Idempotency-Replayed: true`. Another body under that key answers 422; while the first request is under way, 409 with `Retry-After`. Failures are not kept.

        **Limits**: `RateLimit-Limit`, `-Remaining` and `-Reset` tell what is left, 429 has `Retry-After`. Times are RFC 3339 in UTC, ids are UUIDs. Unknown fields of a body are refused.
        """;

    private readonly SchemaCatalog _schemas = new();
    private readonly SortedDictionary<string, JsonNode?> _problems = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, JsonNode?> _examples = new(StringComparer.Ordinal);

    /// <summary>Makes the document.</summary>
    /// <exception cref="InvalidOperationException">A function has no <see cref="OperationAttribute"/>, or names a code that the table lacks.</exception>
    public static JsonObject Create(Assembly assembly) => new OpenApiDocument().Make(Contract.AllOf(FunctionDeclaration.AllHttpFunctionsIn(assembly)));

    private JsonObject Make(IReadOnlyList<Contract> contracts)
    {
        var problem = _schemas.ReferenceTo(typeof(Problem), isBody: false);
        var paths = new JsonObject();
        foreach (var contract in contracts)
        {
            if (paths[contract.Path] is not JsonObject item)
                paths[contract.Path] = item = [];
            item[contract.Method.ToLowerInvariant()] = Operation(contract, problem);
        }
        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "Vision AI training platform", ["version"] = "1", ["description"] = About },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["tags"] = new JsonArray([.. contracts.Select(contract => contract.Tag).Distinct().Order(StringComparer.Ordinal).Select(tag => new JsonObject { ["name"] = tag })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = _schemas.ToJson(),
                ["responses"] = new JsonObject(_problems),
                ["examples"] = new JsonObject(_examples),
                ["securitySchemes"] = SecuritySchemes(),
            },
        };
        new SchemaExamples(document).AddToAnswers();
        return document;
    }

    private JsonObject Operation(Contract contract, JsonNode problem)
    {
        var described = contract.Operation;
        var operation = new JsonObject
        {
            ["operationId"] = JsonNamingPolicy.CamelCase.ConvertName(contract.Function.Name),
            ["summary"] = described.Summary,
            ["tags"] = new JsonArray(contract.Tag),
            ["security"] = SecurityOf(contract.Function),
        };
        if (contract.Function.Access is RequiresPermissionAttribute { Permission: var permission })
            operation["x-permission"] = AccessPolicy.NameOf(permission);
        if (OperationParameters.Of(contract) is { Count: > 0 } parameters)
            operation["parameters"] = parameters;
        if (described.Body is { } body)
        {
            var content = new JsonObject { ["schema"] = _schemas.ReferenceTo(body, isBody: true) };
            if (described.Example is { } example)
                content["example"] = JsonNode.Parse(example);
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = new JsonObject { [described.BodyType] = content } };
        }
        operation["responses"] = Responses(contract, problem);
        return operation;
    }

    private JsonObject Responses(Contract contract, JsonNode problem)
    {
        var responses = new JsonObject();
        foreach (var status in new[] { contract.Operation.Status, contract.Operation.AlternativeStatus }.Where(status => status != 0))
            responses[$"{status}"] = Success(contract, status);
        if (contract is { IsVersioned: true, Method: "GET" })
            responses["304"] = new JsonObject { ["description"] = "It is still the version in If-None-Match.", ["headers"] = new JsonObject { ["ETag"] = Header("The version.") } };
        foreach (var codes in contract.Problems.GroupBy(code => code.Status))
            responses[$"{codes.Key}"] ??= ProblemResponse([.. codes], problem);
        return responses;
    }

    private JsonObject Success(Contract contract, int status)
    {
        var described = contract.Operation;
        var response = new JsonObject { ["description"] = described.Returns is null ? "Done." : described.Summary };
        var headers = new JsonObject();
        if (status is 201 or 202 && described.Returns is not null)
            headers["Location"] = Header("Where it is read.");
        if (contract.IsVersioned && described.Returns is not null)
            headers["ETag"] = Header("The version, for If-Match and If-None-Match.");
        if (contract.IsIdempotent)
            headers["Idempotency-Replayed"] = Header("true when this is the answer to an earlier request with the same Idempotency-Key.");
        if (headers.Count > 0)
            response["headers"] = headers;
        if (described.Returns is { } returns)
            response["content"] = new JsonObject { [described.ReturnsType] = new JsonObject { ["schema"] = _schemas.ReferenceTo(returns, isBody: false) } };
        return response;
    }

    /// <summary>One response for each set of codes, shared by all operations that have it.</summary>
    private JsonObject ProblemResponse(IReadOnlyList<ErrorCode> codes, JsonNode problem)
    {
        var name = string.Join('-', codes.Select(code => code.Code));
        if (!_problems.ContainsKey(name))
        {
            var response = new JsonObject
            {
                ["description"] = string.Join("; ", codes.Select(code => $"{code.Code}: {code.Title}")),
                ["content"] = new JsonObject
                {
                    [Problem.ContentType] = new JsonObject
                    {
                        ["schema"] = new JsonObject
                        {
                            ["allOf"] = new JsonArray(
                                problem.DeepClone(),
                                new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["code"] = new JsonObject { ["enum"] = new JsonArray([.. codes.Select(code => (JsonNode)code.Code)]) } } }),
                        },
                        ["examples"] = new JsonObject(codes.Select(code => KeyValuePair.Create(code.Code, (JsonNode?)new JsonObject { ["$ref"] = $"#/components/examples/{code.Code}" }))),
                    },
                },
            };
            if (codes[0].Status is 401)
                response["headers"] = new JsonObject { ["WWW-Authenticate"] = Header("Bearer.") };
            if (codes[0].Status is 429 or 503)
                response["headers"] = new JsonObject { ["Retry-After"] = Header("Seconds to wait.") };
            _problems[name] = response;
        }
        foreach (var code in codes)
            _examples[code.Code] = new JsonObject { ["summary"] = code.Title, ["value"] = JsonSerializer.SerializeToNode(Problem.Of(new ProblemException(code), "0af7651916cd43dd8448eb211c80319c"), ApiJson.Options) };
        return new JsonObject { ["$ref"] = $"#/components/responses/{name}" };
    }

    private static JsonObject Header(string description) => new() { ["description"] = description, ["schema"] = new JsonObject { ["type"] = "string" } };

    private static JsonArray SecurityOf(FunctionDeclaration function) => function.Access switch
    {
        RequiresPermissionAttribute => [new JsonObject { ["accessToken"] = new JsonArray() }],
        TrainerAccessAttribute => [new JsonObject { ["attemptToken"] = new JsonArray() }],
        _ => [],
    };

    private static JsonObject SecuritySchemes() => new()
    {
        ["accessToken"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "JWT", ["description"] = "From POST /api/v1/auth/login." },
        ["attemptToken"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "JWT", ["description"] = "Given to a trainer with the job; good for that attempt alone." },
    };
}
