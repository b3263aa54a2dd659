using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Domain.Projects;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>Keys, indexes and limits of the user database: organizations, memberships, invitations and the audit log. The migrations create expression indexes in SQL.</summary>
internal static class TenancyMappings
{
    public static void MapTenancy(this ModelBuilder model)
    {
        model.Entity<Organization>(organization =>
        {
            organization.Property(o => o.Name).HasMaxLength(OrganizationLimits.Name);
            organization.Property(o => o.Company).HasMaxLength(OrganizationLimits.Company);
            organization.Property(o => o.Division).HasMaxLength(OrganizationLimits.Division);
        });
        model.Entity<User>(user =>
        {
            user.HasOne<Organization>().WithMany().HasForeignKey(u => u.OrganizationId).OnDelete(DeleteBehavior.Restrict);
            user.HasIndex(u => new { u.OrganizationId, u.Id });
            user.HasIndex(u => new { u.Role, u.Id });
            user.HasIndex(u => new { u.UpdatedAt, u.Id });
        });
        model.Entity<ProjectMember>(member =>
        {
            member.HasKey(m => new { m.ProjectId, m.UserId });
            member.HasIndex(m => m.UserId);
            member.HasOne<User>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<OwnershipTransfer>(transfer =>
        {
            transfer.HasKey(t => t.ProjectId);
            transfer.Property(t => t.ProjectId).ValueGeneratedNever();
            transfer.Property(t => t.Entry).HasJson();
        });
        model.Entity<DatasetMember>(member =>
        {
            member.HasKey(m => new { m.DatasetId, m.UserId });
            member.HasIndex(m => m.UserId);
            member.HasOne<User>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<Invitation>(invitation =>
        {
            invitation.Property(i => i.TargetName).HasMaxLength(200);
            invitation.Property(i => i.Email).HasMaxLength(320);
            invitation.Property(i => i.NormalizedEmail).HasMaxLength(320);
            invitation.Property(i => i.Message).HasMaxLength(Invitation.MaximumMessage);
            invitation.HasOne<User>().WithMany().HasForeignKey(i => i.InviterId).OnDelete(DeleteBehavior.Cascade);
            invitation.HasIndex(i => i.TokenHash).IsUnique();
            invitation.HasIndex(i => new { i.InviterId, i.Id });
            invitation.HasIndex(i => new { i.NormalizedEmail, i.Id });
            invitation.HasIndex(i => new { i.TargetId, i.NormalizedEmail }).IsUnique().HasFilter("state = 'pending'").HasDatabaseName("ix_invitations_pending");
            invitation.HasIndex(i => i.ExpiresAt).HasFilter("state = 'pending'").HasDatabaseName("ix_invitations_expiring");
        });
    }

    public static void MapAudit(this ModelBuilder model) => model.Entity<AuditEntry>(entry =>
    {
        // No foreign keys: an entry stays when its subject is deleted.
        entry.Property(e => e.Details).HasColumnType("jsonb");
        entry.Property(e => e.Action).HasMaxLength(AuditLimits.Action);
        entry.Property(e => e.ActorName).HasMaxLength(AuditLimits.Name);
        entry.Property(e => e.SubjectType).HasMaxLength(AuditLimits.Action);
        entry.Property(e => e.SubjectId).HasMaxLength(AuditLimits.Id);
        entry.Property(e => e.SubjectName).HasMaxLength(AuditLimits.Name);
        entry.Property(e => e.UserAgent).HasMaxLength(AuditLimits.UserAgent);
        entry.HasIndex(e => new { e.ActorId, e.Id });
        entry.HasIndex(e => new { e.Action, e.Id });
        entry.HasIndex(e => new { e.SubjectId, e.Id });
    });

    public static void MapOperations(this ModelBuilder model)
    {
        model.Entity<DataOperation>(operation =>
        {
            operation.ToTable("operations");
            operation.Property(o => o.Request).HasJson();
            operation.Property(o => o.Report).HasColumnType("jsonb");
            // No foreign key to the account: an operation stays when its account is deleted.
            operation.HasIndex(o => o.Target).IsUnique().HasFilter("ended_at IS NULL").HasDatabaseName("ix_operations_target_under_way");
            operation.HasIndex(o => o.Firing).IsUnique();
            operation.HasIndex(o => new { o.Kind, o.Id });
            operation.HasIndex(o => new { o.State, o.Id });
            operation.HasIndex(o => new { o.Kind, o.State, o.Id });
        });
        model.Entity<OperationEvent>(entry =>
        {
            entry.Property(e => e.Id).UseIdentityAlwaysColumn();
            entry.Property(e => e.Data).HasJson();
            entry.HasOne<DataOperation>().WithMany().HasForeignKey(e => e.OperationId).OnDelete(DeleteBehavior.Cascade);
            entry.HasIndex(e => new { e.OperationId, e.Id });
        });
    }
}
