using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Accounts;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Labeling;

/// <summary>A dataset that was shared with the caller.</summary>
/// <param name="DatasetId">Id of the dataset.</param>
/// <param name="Role">Role of the caller in the dataset.</param>
/// <param name="Permissions">What the caller may do in the dataset. Less than the role gives when the caller's token has fewer scopes.</param>
public sealed record SharedDatasetAnswer(Guid DatasetId, DatasetRole Role, IReadOnlyList<string> Permissions);

/// <summary>The caller as the labeling application sees them.</summary>
/// <param name="User">Account of the caller.</param>
/// <param name="CalledBy">How the caller proved who they are.</param>
/// <param name="Service">Service that calls in the person's name; null when the person calls.</param>
/// <param name="Datasets">Datasets that were shared with the caller, newest first, at most 200.</param>
public sealed record LabelingAccountAnswer(UserAnswer User, CallerProof CalledBy, string? Service, IReadOnlyList<SharedDatasetAnswer> Datasets);

/// <summary>The labeling module's view of the person who calls.</summary>
public sealed class LabelingAccount(UserDatabase users)
{
    private const int MostDatasets = 200;

    [Function("GetLabelingAccount"), RequiresPermission(Permission.LabelingRead)]
    [Operation("Get the caller", Returns = typeof(LabelingAccountAnswer),
        Description = "The caller, and what the caller may do in the datasets that were shared with them.")]
    public async Task<IResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/labeling/me")] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var shared = await users.DatasetMembers.AsNoTracking().Where(member => member.UserId == user.Id)
            .OrderByDescending(member => member.CreatedAt).Take(MostDatasets).ToListAsync(cancellation);
        return Answer.Ok(new LabelingAccountAnswer(
            UserAnswer.Of(user), user.Proof, user.Service,
            [.. shared.Select(member => new SharedDatasetAnswer(member.DatasetId, member.Role, PermissionsOf(user, member.Role)))]));
    }

    private static List<string> PermissionsOf(CurrentUser user, DatasetRole role) =>
    [
        .. Enum.GetValues<Permission>()
            .Where(permission => AccessPolicy.Allows(user.Role, role, permission) && user.Scopes?.Allows(permission) != false)
            .Select(AccessPolicy.NameOf),
    ];
}
