namespace DmAgents.Agent.UseCases;

/// <summary>The severity of a finding, in ascending order.</summary>
internal enum Gravity
{
    /// <summary>Worth knowing; nothing is wrong.</summary>
    Info,

    Warning,

    Error,
}

/// <summary>A problem or fact, ready to be displayed.</summary>
/// <param name="Subject">The object, by its name.</param>
/// <param name="Next">What the operator can do about it; empty if there is nothing to do.</param>
internal sealed record Finding(Gravity Gravity, string Subject, string What, string Why, string Next);

/// <summary>One action, in the order of its list.</summary>
/// <param name="Subject">The object of the action; empty if there is none.</param>
internal sealed record PlannedStep(string What, string Subject);
