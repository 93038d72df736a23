namespace DmAgents.Domain.Pools.Planning;

internal static class RefusalPlans
{
    public static BackingPlan.Refused AsPlan(this Refusal refusal) => new(refusal);
}
