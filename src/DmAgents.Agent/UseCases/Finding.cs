namespace DmAgents.Agent.UseCases;

/// <summary>How much a finding matters; the least first.</summary>
internal enum Gravity
{
    /// <summary>All is as it should be; worth knowing.</summary>
    Info,

    Warning,

    Error,
}

/// <summary>Something found amiss, ready to be shown.</summary>
/// <param name="Subject">The object, by its name.</param>
/// <param name="Next">What the reader can do about it; empty if there is nothing to do.</param>
internal sealed record Finding(Gravity Gravity, string Subject, string What, string Why, string Next);

/// <summary>One thing to be done, in the order of its list.</summary>
/// <param name="Subject">To which object; empty if the step is about none.</param>
internal sealed record PlannedStep(string What, string Subject);
