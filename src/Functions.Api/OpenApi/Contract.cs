using Microsoft.AspNetCore.Routing.Template;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.OpenApi;

/// <summary>What follows from a function's declaration for its callers, beyond what it says itself.</summary>
/// <param name="Function">The declaration.</param>
/// <param name="Method">One of its methods, upper case.</param>
/// <param name="IsVersioned">It answers <c>ETag</c>, or takes <c>If-Match</c>.</param>
public sealed record Contract(FunctionDeclaration Function, string Method, bool IsVersioned)
{
    /// <summary>The functions that belong in the description: all below <c>api/v1</c>, by address.</summary>
    public static IReadOnlyList<Contract> AllOf(IReadOnlyList<FunctionDeclaration> functions)
    {
        var own = functions.Where(function => function.Route.StartsWith("api/v1/", StringComparison.Ordinal)).ToList();
        // What can be read and changed at one address has versions, unless one of its functions says why not.
        var versioned = own.GroupBy(PathOf).Where(path =>
            path.Any(function => function.Methods.Contains("GET")) && path.Any(function => ChangesOf(function).Any())
            && path.All(function => function.Operation?.Unversioned is null)).Select(path => path.Key).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. from function in own
               from method in function.Methods
               orderby function.Route, method
               select new Contract(function, method, (versioned.Contains(PathOf(function)) && (method == "GET" || ChangesOf(function).Contains(method))) || function.Operation is { TakesIfMatch: true }),
        ];
    }

    public OperationAttribute Operation =>
        Function.Operation ?? throw new InvalidOperationException($"The function {Function.Name} has no [Operation] attribute.");

    /// <summary><c>/api/v1/projects/{id}</c>.</summary>
    public string Path => PathOf(Function);

    /// <summary>A POST that makes something: it takes an <c>Idempotency-Key</c>.</summary>
    public bool IsIdempotent =>
        Method == "POST" && Operation.NotIdempotent is null && (Operation.Status == 201 || (Operation.Status == 202 && Operation.Body is not null && Operation.Returns is not null));

    /// <summary>Route parameters in their order.</summary>
    public IReadOnlyList<RouteParameter> RouteParameters
    {
        get
        {
            var words = new List<string>();
            var found = new List<RouteParameter>();
            foreach (var part in TemplateParser.Parse(Function.Route["api/v1/".Length..]).Segments.SelectMany(segment => segment.Parts))
            {
                if (!part.IsParameter)
                    words.Add(part.Text!);
                else
                    found.Add(new RouteParameter(
                        part.Name!, part.Name == "id" ? words[^1].TrimEnd('s') : part.Name!.Replace("Id", "", StringComparison.Ordinal),
                        part.InlineConstraints.Any(constraint => constraint.Constraint == "guid"), Examples.After(words)));
            }
            return found;
        }
    }

    /// <summary>The group it is shown in: <c>auth/login</c> under Auth.</summary>
    public string Tag => Operation.Tag ?? string.Concat(Function.Route.Split('/')[2].Select((letter, i) => i == 0 ? char.ToUpperInvariant(letter) : letter));

    /// <summary>Every failure it may end with.</summary>
    /// <exception cref="InvalidOperationException">It names a code that the table lacks.</exception>
    public IReadOnlyList<ErrorCode> Problems
    {
        get
        {
            var codes = new HashSet<ErrorCode>();
            if (Operation.Body is not null)
                codes.UnionWith(Operation.BodyType == "application/json"
                    ? [ErrorCodes.MalformedJson, ErrorCodes.BodyTooLarge, ErrorCodes.UnsupportedMediaType, ErrorCodes.ValidationFailed]
                    : [ErrorCodes.BodyTooLarge]);
            if (Function.Queries.Count > 0 || IsIdempotent)
                codes.Add(ErrorCodes.InvalidParameter);
            if (Operation.IsList)
                codes.Add(ErrorCodes.InvalidCursor);
            if (IsIdempotent)
                codes.UnionWith([ErrorCodes.IdempotencyKeyReused, ErrorCodes.RequestInProgress]);
            // Also where no version is answered, somebody else may change the row at the same moment.
            if (ChangesOf(Function).Contains(Method) || Operation.TakesIfMatch)
                codes.UnionWith([ErrorCodes.InvalidParameter, ErrorCodes.PreconditionFailed, ErrorCodes.ChangedMeanwhile]);
            codes.UnionWith(OfAccess());
            if (Function.Route.Contains('{'))
                codes.Add(ErrorCodes.NotFound);
            foreach (var code in Operation.Problems)
                codes.Add(ErrorCodes.TryFind(code) ?? throw new InvalidOperationException($"{Function.Name} names the unknown error code {code}."));
            if (Function.RateLimit != RateLimit.None)
                codes.Add(ErrorCodes.RateLimited);
            codes.UnionWith([ErrorCodes.Internal, ErrorCodes.DatabaseUnavailable]);
            return [.. codes.OrderBy(code => code.Status).ThenBy(code => code.Code, StringComparer.Ordinal)];
        }
    }

    private IEnumerable<ErrorCode> OfAccess() => Function.Access switch
    {
        RequiresPermissionAttribute { Permission: Permission.AccountSelf } => [ErrorCodes.Unauthenticated, ErrorCodes.TokenExpired],
        RequiresPermissionAttribute => [ErrorCodes.Unauthenticated, ErrorCodes.TokenExpired, ErrorCodes.PasswordChangeRequired, ErrorCodes.Forbidden],
        TrainerAccessAttribute => [ErrorCodes.InvalidAttemptToken],
        _ => [],
    };

    private static IEnumerable<string> ChangesOf(FunctionDeclaration function) => function.Methods.Intersect(["PUT", "PATCH", "DELETE"]);

    private static string PathOf(FunctionDeclaration function) =>
        "/" + string.Join('/', TemplateParser.Parse(function.Route).Segments.Select(segment =>
            string.Concat(segment.Parts.Select(part => part.IsParameter ? $"{{{part.Name}}}" : part.Text))));
}

/// <summary>A parameter of an address.</summary>
/// <param name="Name">As the address has it.</param>
/// <param name="Thing">What it names, e.g. <c>project</c>.</param>
/// <param name="IsId">Whether it is a UUID.</param>
/// <param name="Example">The value that examples use; null when <see cref="Examples"/> has none.</param>
public sealed record RouteParameter(string Name, string Thing, bool IsId, string? Example);
