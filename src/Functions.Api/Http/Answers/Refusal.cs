using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>What somebody is told who may see a thing and may not do what they asked for.</summary>
internal static class Refusal
{
    /// <param name="who">What lacks the permission, at the beginning of a sentence: <c>The role guest</c>.</param>
    /// <param name="permission">The one that is missing; answered by name.</param>
    public static ProblemException Of(string who, Permission permission)
    {
        var name = AccessPolicy.NameOf(permission);
        return new ProblemException(ErrorCodes.Forbidden, $"{who} does not hold the permission {name}.") { Permission = name };
    }
}
