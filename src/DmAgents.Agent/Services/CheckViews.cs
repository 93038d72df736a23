using System.Collections.Immutable;
using DmAgents.Api.Admin.V1;

namespace DmAgents.Agent.Services;

/// <summary>Findings, steps and checks in the API's terms.</summary>
internal static class CheckViews
{
    public static Api.Admin.V1.Finding Finding(UseCases.Finding found) => new()
    {
        Severity = found.Gravity switch
        {
            Gravity.Info => Severity.Info,
            Gravity.Warning => Severity.Warning,
            Gravity.Error => Severity.Error,
            _ => throw new ArgumentOutOfRangeException(nameof(found), found.Gravity, "Not a gravity"),
        },
        Object = found.Subject,
        What = found.What,
        Why = found.Why,
        Next = found.Next,
    };

    /// <summary>Numbered from 1.</summary>
    public static IEnumerable<Step> Steps(ImmutableArray<PlannedStep> steps) => steps.Select((step, i) => new Step
    {
        What = step.What, Object = step.Subject, Index = (uint)i + 1, Count = (uint)steps.Length,
    });

    public static CheckPoolReply Check(PoolCheck check)
    {
        var reply = new CheckPoolReply
        {
            Pool = check.Pool.Value,
            Agrees = check.Agrees,
            JournalDevices = (uint)check.JournalDevices,
            MetadataDevices = (uint)check.MetadataDevices,
            LiveDevices = (uint)check.LiveDevices,
        };
        reply.Findings.Add(check.Findings.Select(Finding));
        reply.Repairs.Add(Steps(check.Repairs));
        if (check.Foreign is { } foreign)
            reply.ForeignTransactionId = foreign.Value;
        return reply;
    }
}
