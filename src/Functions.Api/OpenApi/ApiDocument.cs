using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Namotion.Reflection;
using VisionPlatform.Application.Modules;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.OpenApi;

/// <summary>
/// The OpenAPI 3.1 document, made from the functions themselves: routes and methods from their triggers, who may call
/// from their access attribute, the rest from <see cref="OperationAttribute"/>, <see cref="QueryAttribute"/> and the doc comments of the records.
/// </summary>
public sealed class ApiDocument
{
    /// <summary>Names of the security schemes.</summary>
    public const string AccessToken = "accessToken", AttemptToken = "attemptToken", AttemptTicket = "attemptTicket", DeploymentKey = "deploymentKey", MetricsToken = "metricsToken";

    private const string About =
        """
        Upload images, publish dataset versions, train models, watch the training live, export models and serve them.

        **Authentication.** `POST /api/v1/auth/login` returns an access token. Send it with every request as `Authorization: Bearer <token>`. Scripts use a personal token (`POST /api/v1/auth/tokens`) in the same way.

        **Errors.** Every error is an `application/problem+json` document (RFC 9457). Programs look at its `code`. Its `category` says what helps: `user` (correct the request), `transient` (try again later) or `permanent` (tell an operator, with the `traceId`). `suggestedAction` is a sentence for people. When fields are wrong, `errors` lists the messages by field. An invalid body is answered with 422, an invalid query parameter or header with 400. Fields that a body may not have are refused.

        **Lists.** Lists come in pages. `limit` sets the page size (1 to 200, default 50), `cursor` continues with the `nextCursor` of the previous page, `sort` sets the order: `name` sorts ascending, `-name` descending.

        **Concurrent changes.** An answer with an `ETag` header has a version. Send that version as `If-Match` with a change, and the change is refused with 412 if the resource has changed in the meantime. Without `If-Match`, the last writer wins. Send it as `If-None-Match` with a GET, and the answer is 304 if nothing has changed.

        **Safe retries.** Requests that create something accept an `Idempotency-Key` header, best a UUID. Repeating the request with the same key within 24 hours creates nothing; the first answer is returned again, with `Idempotency-Replayed: true`. The same key with another body is refused with 422; while the first request is still running, the answer is 409 with `Retry-After`. Errors are not stored.

        **Rate limits.** The headers `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` tell how many requests are left and in how many seconds the limit is reset. A request above the limit is answered with 429 and `Retry-After`.

        **Formats.** Ids are UUIDs. Times are RFC 3339 in UTC, for example `2026-11-20T08:30:00Z`.
        """;

    private readonly OpenApiDocument _document = new()
    {
        Info = new OpenApiInfo { Title = "Vision AI training platform", Version = "1", Description = About },
        Servers = [new OpenApiServer { Url = "/", Description = "The installation that serves this document." }],
        Paths = [],
        Components = new OpenApiComponents { Schemas = new SortedDictionary<string, IOpenApiSchema>(StringComparer.Ordinal) },
        Tags = new HashSet<OpenApiTag>(),
    };

    private readonly SchemaCatalog _schemas;
    private readonly OperationParameters _parameters;
    private readonly OperationResponses _responses;

    private ApiDocument()
    {
        _schemas = new SchemaCatalog(_document);
        _parameters = new OperationParameters(_schemas);
        _responses = new OperationResponses(_document, _schemas);
    }

    /// <summary>Makes the document.</summary>
    /// <exception cref="InvalidOperationException">A function has no <see cref="OperationAttribute"/>, or names a code or a group that does not exist.</exception>
    public static OpenApiDocument Of(Assembly assembly)
    {
        var document = new ApiDocument().Make(Contract.AllOf(FunctionDeclaration.AllHttpFunctionsIn(assembly)));
        // Nothing else needs the parsed doc comments.
        XmlDocs.ClearCache();
        return document;
    }

    private OpenApiDocument Make(IReadOnlyList<Contract> contracts)
    {
        // What a newcomer reads first: signing in. What only operators need comes last.
        foreach (var (name, description) in AppModules.All.OrderBy(module => module.Name == AppModule.Operations).SelectMany(module => module.ApiGroups))
            _document.Tags!.Add(new OpenApiTag { Name = name, Description = description });
        _document.AddComponent(AccessToken, Bearer("Access token from `POST /api/v1/auth/login`, or a personal token from `POST /api/v1/auth/tokens`."));
        _document.AddComponent(AttemptToken, Bearer("Token that a trainer receives with a job. It is valid for that attempt only."));
        _document.AddComponent(AttemptTicket, Bearer("Ticket that an execution of a trainer is started with. It is valid for the request of that attempt only."));
        _document.AddComponent(DeploymentKey, Bearer("API key of a deployment, from the answer that created it. It is valid for predictions of that deployment only."));
        _document.AddComponent(MetricsToken, Bearer("The setting `METRICS_TOKEN`. It is valid for metrics only."));
        foreach (var path in contracts.GroupBy(contract => contract.Path))
        {
            var item = new OpenApiPathItem();
            foreach (var contract in path)
                item.AddOperation(HttpMethod.Parse(contract.Method), Operation(contract));
            _document.Paths.Add(path.Key, item);
        }
        SchemaExamples.AddToAnswers(_document);
        return _document;
    }

    private OpenApiOperation Operation(Contract contract)
    {
        var described = contract.Operation;
        var operation = new OpenApiOperation
        {
            OperationId = JsonNamingPolicy.CamelCase.ConvertName(contract.Function.Name),
            Summary = described.Summary,
            Description = string.Join("\n\n", new[] { described.Description, NeedOf(contract.Function) }.OfType<string>()) is { Length: > 0 } text ? text : null,
            Tags = new HashSet<OpenApiTagReference> { Tag(contract) },
            Security = SecurityOf(contract),
            Parameters = _parameters.Of(contract) is { Count: > 0 } parameters ? parameters : null,
            RequestBody = described.Body is { } body ? Body(described, body) : null,
            Responses = _responses.Of(contract),
        };
        if (contract.Function.Access is RequiresPermissionAttribute { Permission: var permission })
            operation.AddExtension("x-permission", new JsonNodeExtension(AccessPolicy.NameOf(permission)));
        return operation;
    }

    private static string? NeedOf(FunctionDeclaration function) =>
        function.Access is RequiresPermissionAttribute { Permission: var permission } ? $"Requires the permission `{AccessPolicy.NameOf(permission)}`." : null;

    private OpenApiTagReference Tag(Contract contract) => _document.Tags!.Any(tag => tag.Name == contract.Tag)
        ? new OpenApiTagReference(contract.Tag, _document)
        : throw new InvalidOperationException($"{contract.Function.Name} is in the group {contract.Tag}: add it to ApiGroups of its module.");

    private OpenApiRequestBody Body(OperationAttribute described, Type body)
    {
        var content = new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal)
        {
            [described.BodyType] = new OpenApiMediaType { Schema = _schemas.Of(body, isBody: true), Example = described.Example is { } example ? JsonNode.Parse(example) : null },
        };
        foreach (var type in described.RawBodyTypes)
            content[type] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, ContentMediaType = type, Description = "The bytes of the file." } };
        return new OpenApiRequestBody { Required = true, Content = content };
    }

    private List<OpenApiSecurityRequirement> SecurityOf(Contract contract)
    {
        string[] schemes = contract.Function.Access switch
        {
            RequiresPermissionAttribute { OrMetricsToken: true } => [MetricsToken, AccessToken],
            RequiresPermissionAttribute => [AccessToken],
            TrainerAccessAttribute => [AttemptToken],
            _ => contract.Operation.Security,
        };
        return [.. schemes.Select(scheme => scheme.Length == 0 ? [] : new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, _document)] = [] })];
    }

    private static OpenApiSecurityScheme Bearer(string description) => new() { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = description };
}
