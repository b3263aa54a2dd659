namespace VisionPlatform.Api.Http;

/// <summary>How the OpenAPI document describes a function.</summary>
/// <param name="summary">What it does or returns, in one sentence.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OperationAttribute(string summary) : Attribute
{
    public string Summary { get; } = summary;

    /// <summary>What else a caller has to know, as sentences in Markdown.</summary>
    public string? Description { get; set; }

    /// <summary>The group it is shown in; the route's first part after /api/v1 when not given.</summary>
    public string? Tag { get; set; }

    /// <summary>The record the request body is read into.</summary>
    public Type? Body { get; set; }

    /// <summary>The content type of the body.</summary>
    public string BodyType { get; set; } = "application/json";

    /// <summary>Content types whose plain bytes it also takes as the body.</summary>
    public string[] RawBodyTypes { get; set; } = [];

    /// <summary>The record answered on success; none means no body.</summary>
    public Type? Returns { get; set; }

    /// <summary>The content type of the answer.</summary>
    public string ReturnsType { get; set; } = "application/json";

    /// <summary>Content types of other texts that it answers instead, when the caller asks for one.</summary>
    public string[] TextTypes { get; set; } = [];

    /// <summary>What a text of <see cref="TextTypes"/> looks like.</summary>
    public string? TextExample { get; set; }

    /// <summary>The status of success.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Another status of success with the same body, e.g. 200 beside 202; 0 for none.</summary>
    public int AlternativeStatus { get; set; }

    /// <summary>
    /// Security schemes of the description that a function without a permission checks itself; one of them is enough. An empty name means that
    /// the function can also be called without authentication.
    /// </summary>
    public string[] Security { get; set; } = [];

    /// <summary>A request body as JSON that, with the data of <see cref="Examples"/>, is answered by <see cref="Status"/>. Every operation with a body has one.</summary>
    public string? Example { get; set; }

    /// <summary>A class whose <see cref="QueryAttribute"/>s count for this function too, for filters that several functions share.</summary>
    public Type? Queries { get; set; }

    /// <summary>Names that <c>?sort=</c> takes, as in the list's <see cref="Sorting{TRow}"/>; <c>createdAt</c> need not be said.</summary>
    public string[] Sort { get; set; } = [];

    /// <summary>Why a resource that can be read and changed at one address has no <c>ETag</c> and takes no <c>If-Match</c>.</summary>
    public string? Unversioned { get; set; }

    /// <summary>Why a POST that makes something takes no <c>Idempotency-Key</c>.</summary>
    public string? NotIdempotent { get; set; }

    /// <summary>The list has one order only and takes no <c>sort</c>.</summary>
    public bool FixedOrder { get; set; }

    /// <summary>The list is short and comes whole: it takes no <c>limit</c>, <c>cursor</c> or <c>sort</c>.</summary>
    public bool Whole { get; set; }

    /// <summary>Whether it answers a <see cref="Page{T}"/>, and so takes <c>limit</c>, <c>cursor</c> and <c>sort</c>.</summary>
    public bool IsList => !Whole && Returns is { IsGenericType: true } && Returns.GetGenericTypeDefinition() == typeof(Page<>);

    /// <summary>Codes of the problems (names of <see cref="Domain.Errors.ErrorCodes"/> values, e.g. <c>DUPLICATE_NAME</c>) that this function adds to the usual ones.</summary>
    public string[] Problems { get; set; } = [];
}
