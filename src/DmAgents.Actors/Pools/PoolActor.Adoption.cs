using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>Adoption: the journal begins anew with what the pool has, in one write, and the pool is opened as after a
/// restart.</summary>
public sealed partial class PoolActor
{
    /// <summary>Only a pool that has no journal, or one that does not belong to it, is taken over.</summary>
    private void OnAdopt(PoolCommands.Adopt command)
    {
        var isOpening = _phase == PoolPhase.Opening && _state.Identity is null && _setup.Uuid == command.Identity.Uuid;
        switch (PoolDecider.Decide(_state, _health, command))
        {
            case Decision.AlreadySo:
                Answer(Sender, PoolSuccess.Of(command, alreadySo: true));
                break;
            case Decision.Refused refused:
                Answer(Sender, new PoolReplies.Refused(command.Request, refused.Refusal));
                break;
            case Decision.Accepted when !isOpening && _phase != PoolPhase.WrongPool:
                Answer(Sender, new PoolReplies.Refused(command.Request, NotToBeAdopted()));
                break;
            case Decision.Accepted accepted:
                Adopt(command, accepted);
                break;
            default:
                throw new InvalidOperationException("a decision of no known kind");
        }
    }

    private void Adopt(PoolCommands.Adopt command, Decision.Accepted accepted)
    {
        // Whether it can be opened is told like after a repair: what was taken over stays so in any case.
        _repairers.Add((Sender, command));
        _deletions = _deletions.Clear();
        _problems = _problems.Clear();
        Enter(PoolPhase.Opening, "its journal begins anew with what the pool has");
        Record(accepted.Events, () =>
        {
            UseIdentity();
            Open();
        });
    }

    private Refusal NotToBeAdopted() => _phase == PoolPhase.Unavailable
        ? new Refusal(RefusalKind.WrongState, "cannot adopt pool", _setup.Name.Value,
            $"it has a journal, and cannot be opened: {_reason}",
            "correct what is named; it is tried again every few seconds")
        : new Refusal(RefusalKind.Exists, "cannot adopt pool", _setup.Name.Value,
            "it has a journal and is this agent's", $"look at it: dmagent pool show {_setup.Name}");
}
