using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>Tables of the labels that models propose.</summary>
internal static class ProposalMappings
{
    public static void MapProposals(this ModelBuilder model)
    {
        model.Entity<ImageProposal>(proposal =>
        {
            proposal.ToTable("image_proposals");
            proposal.HasKey(p => p.ImageId);
            proposal.Ignore(p => p.Objects);
            proposal.HasOne<DatasetImage>().WithOne().HasForeignKey<ImageProposal>(p => p.ImageId);
            proposal.HasOne<BatchPrediction>().WithMany().HasForeignKey(p => p.PredictionId);
            proposal.HasIndex(p => new { p.DatasetId, p.ImageId });
        });
        model.Entity<ProposalRun>(run =>
        {
            run.ToTable("proposal_runs");
            run.Property(r => r.Error).HasJson();
            run.HasOne<Dataset>().WithMany().HasForeignKey(r => r.DatasetId);
            run.HasOne<BatchPrediction>().WithMany().HasForeignKey(r => r.PredictionId);
            run.HasIndex(r => new { r.DatasetId, r.Id });
            run.HasIndex(r => r.CreatedAt).HasFilter("state = 'running'").HasDatabaseName("ix_proposal_runs_active");
            run.HasIndex(r => r.EndedAt);
        });
    }
}
