namespace VisionPlatform.Api.Http;

/// <summary>How the OpenAPI document describes a function.</summary>
/// <param name="summary">One sentence.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OperationAttribute(string summary) : Attribute
{
    public string Summary { get; } = summary;

    /// <summary>The group it is shown in; the route's first part after /api/v1 when not given.</summary>
    public string? Tag { get; set; }

    /// <summary>The record the request body is read into.</summary>
    public Type? Body { get; set; }

    /// <summary>The content type of the body.</summary>
    public string BodyType { get; set; } = "application/json";

    /// <summary>The record answered on success; none means no body.</summary>
    public Type? Returns { get; set; }

    /// <summary>The content type of the answer.</summary>
    public string ReturnsType { get; set; } = "application/json";

    /// <summary>The status of success.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Another status of success with the same body, e.g. 200 beside 202; 0 for none.</summary>
    public int AlternativeStatus { get; set; }

    /// <summary>Query parameters by name; a trailing <c>*</c> marks a required one. Lists add <c>limit</c> and <c>cursor</c>.</summary>
    public string[] Query { get; set; } = [];

    /// <summary>Codes of the problems (names of <see cref="Domain.Errors.ErrorCodes"/> values, e.g. <c>DUPLICATE_NAME</c>) that this function adds to the usual ones.</summary>
    public string[] Problems { get; set; } = [];
}
