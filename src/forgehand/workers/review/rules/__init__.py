"""What is judged, and how. Pure: facts and policy in, explained rulings out; the workers beside read and act.

`static` judges what the analysers saw of one head, `checks` what others tested, `whole` everything that a pull request
needs before it is called ready, `automatic` what it needs besides before a machine may merge it. `decision` joins them.
`queue` is the merge queue as a state machine.
"""
