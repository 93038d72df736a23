using LinqToDB;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>A database whose setting cannot be used as the agent starts: the fleet's changes are refused with the
/// reason, and the host's own work goes on.</summary>
/// <param name="where">The setting's file.</param>
/// <param name="why">What is wrong with it, without a secret.</param>
public sealed class UnusableDatabase(string where, string why) : FleetDatabase
{
    private const string Correct = "correct it, then restart the agent: systemctl restart dmagentd";

    public override string Where => where;

    public string Why => why;

    internal override string Provider => ProviderName.PostgreSQL15;

    /// <summary>No connection is opened: the gate stays closed. One that were to be finds no server.</summary>
    internal override DataOptions Options => new DataOptions().UseConnectionString(
        Provider, "Host=/nonexistent;Database=none;Username=none;Pooling=false");

    internal override DatabaseProbe Probe(FleetIdentity fleet) => new Refusing(why);

    private sealed class Refusing(string why) : DatabaseProbe
    {
        public override Task CheckAsync(CancellationToken cancellation) =>
            throw new DatabaseRefusedException(why, Correct);

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
