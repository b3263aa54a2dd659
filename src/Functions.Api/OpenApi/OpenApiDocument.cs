using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing.Template;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.OpenApi;

/// <summary>
/// The OpenAPI 3.1 document, made from the functions themselves: routes and methods from their triggers, who may call
/// from their access attribute, the rest from <see cref="OperationAttribute"/>.
/// </summary>
public sealed class OpenApiDocument
{
    private readonly SchemaCatalog _schemas = new();

    /// <summary>The functions that belong in the document: all below <c>api/v1</c>.</summary>
    public static IReadOnlyList<FunctionDeclaration> FunctionsIn(Assembly assembly) =>
    [
        .. FunctionDeclaration.AllHttpFunctionsIn(assembly)
            .Where(function => function.Route.StartsWith("api/v1/", StringComparison.Ordinal))
            .OrderBy(function => function.Route, StringComparer.Ordinal),
    ];

    /// <summary>Makes the document.</summary>
    /// <exception cref="InvalidOperationException">A function has no <see cref="OperationAttribute"/>, or names a code that the table lacks.</exception>
    public static JsonObject Create(Assembly assembly)
    {
        var document = new OpenApiDocument();
        var paths = new JsonObject();
        foreach (var function in FunctionsIn(assembly))
        {
            var path = PathOf(function);
            if (paths[path] is not JsonObject item)
                paths[path] = item = [];
            foreach (var method in function.Methods)
                item[method.ToLowerInvariant()] = document.Operation(function);
        }
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Vision AI training platform",
                ["version"] = "1",
                ["description"] = "Upload images, publish dataset versions, train, export and serve models. Every failure is an RFC 9457 problem with a code.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = document.AllSchemas(), ["securitySchemes"] = SecuritySchemes() },
        };
    }

    private JsonObject AllSchemas()
    {
        _schemas.ReferenceTo(typeof(Problem), isBody: false);
        return _schemas.ToJson();
    }

    private JsonObject Operation(FunctionDeclaration function)
    {
        var described = function.Operation
            ?? throw new InvalidOperationException($"The function {function.Name} has no [Operation] attribute.");
        var operation = new JsonObject
        {
            ["operationId"] = JsonNamingPolicy.CamelCase.ConvertName(function.Name),
            ["summary"] = described.Summary,
            ["tags"] = new JsonArray(described.Tag ?? DefaultTag(function)),
            ["security"] = SecurityOf(function),
        };
        if (function.Access is RequiresPermissionAttribute { Permission: var permission })
            operation["x-permission"] = AccessPolicy.NameOf(permission);
        if (Parameters(function) is { Count: > 0 } parameters)
            operation["parameters"] = parameters;
        if (described.Body is { } body)
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content(described.BodyType, _schemas.ReferenceTo(body, isBody: true)) };
        operation["responses"] = Responses(function, described);
        return operation;
    }

    // auth/login is shown under Auth.
    private static string DefaultTag(FunctionDeclaration function) =>
        string.Concat(function.Route.Split('/')[2].Select((letter, i) => i == 0 ? char.ToUpperInvariant(letter) : letter));

    private JsonObject Responses(FunctionDeclaration function, OperationAttribute described)
    {
        var responses = new JsonObject();
        foreach (var status in new[] { described.Status, described.AlternativeStatus }.Where(status => status != 0))
            responses[$"{status}"] = Success(described);
        foreach (var problems in ProblemsOf(function, described).GroupBy(code => code.Status).OrderBy(group => group.Key))
            responses[$"{problems.Key}"] ??= new JsonObject
            {
                ["description"] = string.Join("; ", problems.Select(code => $"{code.Code}: {code.Title}")),
                ["content"] = Content(Problem.ContentType, new JsonObject { ["$ref"] = "#/components/schemas/Problem" }),
            };
        return responses;
    }

    private JsonObject Success(OperationAttribute described)
    {
        var response = new JsonObject { ["description"] = described.Returns is null ? "Done." : described.Summary };
        if (described.Returns is { } returns)
            response["content"] = Content(described.ReturnsType, _schemas.ReferenceTo(returns, isBody: false));
        return response;
    }

    private static IEnumerable<ErrorCode> ProblemsOf(FunctionDeclaration function, OperationAttribute described)
    {
        var codes = new HashSet<ErrorCode>();
        if (described.Body is not null && described.BodyType == "application/json")
            codes.UnionWith([ErrorCodes.MalformedJson, ErrorCodes.BodyTooLarge, ErrorCodes.UnsupportedMediaType, ErrorCodes.ValidationFailed]);
        if (described.IsList)
            codes.UnionWith([ErrorCodes.InvalidCursor, ErrorCodes.ValidationFailed]);
        if (function.Access is RequiresPermissionAttribute { Permission: var permission })
        {
            codes.UnionWith([ErrorCodes.Unauthenticated, ErrorCodes.TokenExpired]);
            if (permission != Permission.AccountSelf)
                codes.UnionWith([ErrorCodes.PasswordChangeRequired, ErrorCodes.Forbidden]);
        }
        if (function.Access is TrainerAccessAttribute)
            codes.Add(ErrorCodes.InvalidAttemptToken);
        if (function.Route.Contains('{'))
            codes.Add(ErrorCodes.NotFound);
        foreach (var code in described.Problems)
            codes.Add(ErrorCodes.All.TryGetValue(code, out var known) ? known : throw new InvalidOperationException($"{function.Name} names {code}, which is no error code."));
        codes.UnionWith([ErrorCodes.Internal, ErrorCodes.DatabaseUnavailable]);
        return codes;
    }

    private static JsonArray Parameters(FunctionDeclaration function)
    {
        var parameters = new JsonArray();
        foreach (var part in TemplateParser.Parse(function.Route).Parameters)
        {
            var isId = part.InlineConstraints.Any(constraint => constraint.Constraint == "guid");
            parameters.Add(Parameter(part.Name!, "path", required: true, isId ? new JsonObject { ["type"] = "string", ["format"] = "uuid" } : new JsonObject { ["type"] = "string" }));
        }
        foreach (var query in function.Queries)
            parameters.Add(Parameter(query.Name, "query", query.Required, new JsonObject { ["type"] = "string" }));
        return parameters;
    }

    private static JsonObject Parameter(string name, string place, bool required, JsonObject schema) =>
        new() { ["name"] = name, ["in"] = place, ["required"] = required, ["schema"] = schema };

    private static JsonObject Content(string type, JsonNode schema) => new() { [type] = new JsonObject { ["schema"] = schema } };

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

    /// <summary><c>/api/v1/projects/{id}</c> from <c>api/v1/projects/{id:guid}</c>.</summary>
    internal static string PathOf(FunctionDeclaration function) =>
        "/" + string.Join('/', TemplateParser.Parse(function.Route).Segments.Select(segment =>
            string.Concat(segment.Parts.Select(part => part.IsParameter ? $"{{{part.Name}}}" : part.Text))));
}
