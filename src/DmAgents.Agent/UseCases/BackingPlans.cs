using DmAgents.Domain.Pools.Planning;

namespace DmAgents.Agent.UseCases;

internal static class BackingPlans
{
    /// <summary>What was planned; a refusal is thrown.</summary>
    public static BackingPlan.Planned OrRefused(this BackingPlan plan) => plan switch
    {
        BackingPlan.Planned planned => planned,
        BackingPlan.Refused refused => throw Refusals.Of(refused.Refusal),
        _ => throw new InvalidOperationException("a plan of no known kind"),
    };
}
