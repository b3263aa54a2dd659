using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>Changes and ends what people may do with a dataset that is shared with them. Sharing begins with an invitation.</summary>
public sealed class DatasetSharing(UserDatabase users, AuditLog audit)
{
    /// <summary>Gives a person another role in the dataset. Of two changes at the same time the later one counts.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> when the dataset is not shared with the person.</exception>
    public async Task ChangeRoleAsync(Dataset dataset, Guid userId, DatasetRole role, CancellationToken cancellation)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        if (await Membership(dataset, userId).ExecuteUpdateAsync(set => set.SetProperty(member => member.Role, role), cancellation) == 0)
            throw NotShared();
        await audit.AppendAsync(About(dataset, "dataset_member.update", userId, role), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Stops sharing the dataset with a person.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> when the dataset is not shared with the person.</exception>
    public async Task EndAsync(Dataset dataset, Guid userId, CancellationToken cancellation)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        if (await Membership(dataset, userId).ExecuteDeleteAsync(cancellation) == 0)
            throw NotShared();
        await audit.AppendAsync(About(dataset, "dataset_member.remove", userId, null), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private IQueryable<DatasetMember> Membership(Dataset dataset, Guid userId) =>
        users.DatasetMembers.Where(member => member.DatasetId == dataset.Id && member.UserId == userId);

    private static ProblemException NotShared() => new(ErrorCodes.NotFound, "The dataset is not shared with this person.");

    private static AuditEvent About(Dataset dataset, string action, Guid userId, DatasetRole? role) => new(action)
    {
        SubjectType = "dataset", SubjectId = dataset.Id.ToString(), SubjectName = dataset.Name, Details = new Dictionary<string, object?> { ["userId"] = userId, ["role"] = role },
    };
}
